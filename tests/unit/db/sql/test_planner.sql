-- 1 when plans are generic, avoid sorting and stay in this process.
select (current_setting('plan_cache_mode') = 'force_generic_plan' and current_setting('enable_sort') = 'off'
    and current_setting('max_parallel_workers_per_gather') = '0')::int4::int8
