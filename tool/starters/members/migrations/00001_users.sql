-- +goose Up
create table users (
	id text not null primary key, -- random, and never changed: sessions and tokens have it
	email text not null unique check (email = lower(email)),
	name text not null,
	password text not null, -- its hash
	role text not null default 'member', -- or 'admin'
	confirmed_at bigint not null, -- when the address was last confirmed, in Unix seconds
	created_at bigint not null
);

-- +goose Down
drop table users;
