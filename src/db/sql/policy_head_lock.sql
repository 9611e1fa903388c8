select h.activation from sanjeh.policy_head as h for update
