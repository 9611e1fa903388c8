select exists (select from sanjeh.test_clock)
