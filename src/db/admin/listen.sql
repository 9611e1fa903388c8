-- Followed by the quoted name of a channel.
listen
