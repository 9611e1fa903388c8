-- For the rest of the transaction: the rows of a bulk import come into force together, a million in half a minute.
select set_config('statement_timeout', '120000', true), set_config('idle_in_transaction_session_timeout', '120000', true)
