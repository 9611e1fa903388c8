select sanjeh.assignment_lock()
