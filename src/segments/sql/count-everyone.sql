-- reads: users
select count(*) as size from users
