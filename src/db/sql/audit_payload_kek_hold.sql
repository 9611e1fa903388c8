-- SPDX-License-Identifier: Apache-2.0
-- Holds the wrapping key against everybody who would make another, and tells its generation; null: there is none.
select sanjeh.audit_payload_kek_hold()
