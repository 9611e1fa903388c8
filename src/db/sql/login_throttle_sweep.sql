delete from sanjeh.login_throttle
where since < now() - interval '2 days' and (closed_until is null or closed_until < now())
