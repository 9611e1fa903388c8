select s.seq from sanjeh.assignment_state s
