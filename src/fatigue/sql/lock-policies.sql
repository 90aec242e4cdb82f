-- One writer of the policy at a time, so that versions are consecutive; readers go on.
lock table fatigue_policies in share row exclusive mode;
