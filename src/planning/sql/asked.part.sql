-- Of the pool whom no gate has stopped before messages, caps and worth: of the others these would change nothing that is kept. A deferred
-- row needs the instant at which every gate would pass, so where the campaign defers, quiet hours keep nobody from being asked; explain asks
-- them all of its user.
-- reads: pass_pool
select m.*, null::bigint as messages
from pass_pool as m
where __WHOM_m__
