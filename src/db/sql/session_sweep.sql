delete from sanjeh.session
where expires_at < now() - interval '1 day'
