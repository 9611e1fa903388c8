-- SPDX-License-Identifier: Apache-2.0
-- Whether the context sees the record: without scope RECORD its tables look empty, which must not be taken for a loss.
select '00000000-0000-8000-8000-000000000005'::uuid = any (sanjeh.scope_ids())
