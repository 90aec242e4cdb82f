-- Whether a row of the pool (__OF__) is asked for messages, caps and worth: no gate has stopped it before, or the campaign defers and it needs
-- the instant at which every gate would pass, or it is to be explained.
__OF__.bar is null or :everyone::boolean or (__OF__.bar = 'quiet_hours' and :defer::boolean)
