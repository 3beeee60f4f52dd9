create table photos (
	key text primary key, -- in the bucket
	added timestamp not null,
	ready boolean not null default false -- its variants are made
);
create index photos_added on photos (added);
