select pg_backend_pid(), current_setting('sanjeh.context'), current_setting('transaction_read_only')
