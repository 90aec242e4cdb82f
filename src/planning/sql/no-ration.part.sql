-- In place of ration.part.sql where no budget holds.
-- reads: timed (of decide-pool)
(select r.*, false as over_budget from timed as r)
