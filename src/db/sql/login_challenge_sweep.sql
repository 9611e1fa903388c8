delete from sanjeh.login_challenge
where expires_at < now()
