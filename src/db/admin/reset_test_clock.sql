delete from sanjeh.test_clock
