-- What was set; absent keys have their defaults.
-- reads: settings
select value from settings;
