-- For the rest of the transaction: a plan for the judges at hand, hashed and on several cores, with memory for the groups, and ten minutes.
-- The pool's settings are made for pages: with them a whole population is fetched row by row off an index.
select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_incremental_sort', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('max_parallel_workers_per_gather', '2', true),
    set_config('work_mem', '24MB', true), set_config('statement_timeout', '600000', true),
    set_config('idle_in_transaction_session_timeout', '600000', true)
