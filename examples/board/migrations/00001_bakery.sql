create table products (
	id text not null primary key,
	name text not null,
	about text not null,
	price integer not null, -- cents
	place integer not null -- in the menu
);

-- What is left, in a table of its own: an order changes this one alone.
create table shelf (
	product text not null primary key references products (id),
	pieces integer not null check (pieces >= 0)
);

create table orders (
	id text not null primary key, -- who knows it sees the order
	name text not null, -- of who ordered
	items text not null, -- JSON
	guest text not null, -- the cookie of who ordered
	state integer not null check (state between 0 and 3),
	made timestamp not null
);
create index orders_open on orders (state, made);

insert into products (id, name, about, price, place) values
	('sourdough', 'Sourdough', 'Wheat and time: two days of it. A loaf for four.', 590, 1),
	('baguette', 'Baguette', 'Baked every hour, gone after forty minutes.', 240, 2),
	('croissant', 'Croissant', 'Twenty-seven layers, all of them butter.', 260, 3),
	('roll', 'Cinnamon roll', 'Warm, with too much cinnamon. That is the point.', 320, 4),
	('pretzel', 'Pretzel', 'Crisp where it is thin, soft where it is not.', 180, 5),
	('tart', 'Plum tart', 'Plums from next door, on an almond crust.', 410, 6);

insert into shelf (product, pieces) values
	('sourdough', 8), ('baguette', 12), ('croissant', 6), ('roll', 9), ('pretzel', 14), ('tart', 3);
