-- +goose Up
create table users (
	id text not null primary key, -- random, and never changed: sessions and orders have it
	email text not null unique check (email = lower(email)),
	created_at bigint not null -- in Unix seconds, as all times here
);

create table orders (
	id text not null primary key, -- random, and in its address
	buyer text not null references users (id),
	address text not null, -- where it goes
	locale text not null, -- in which its buyer reads
	total integer not null, -- cents
	placed_at bigint not null,
	sent_at bigint not null default 0 -- 0: not yet
);

create index orders_of_buyers on orders (buyer, placed_at);

create table order_lines (
	order_id text not null references orders (id),
	product text not null,
	name text not null, -- as the buyer has read it
	price integer not null, -- of one, at that time
	quantity integer not null,
	primary key (order_id, product)
);

-- +goose Down
drop table order_lines;
drop table orders;
drop table users;
