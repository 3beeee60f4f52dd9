-- +goose Up
create table products (
	id text not null primary key, -- in its address
	name text not null,
	text text not null,
	price integer not null, -- cents
	stock integer not null,
	featured boolean not null, -- on the first page, and made at build
	offer boolean not null -- on the page of offers
);

insert into products (id, name, text, price, stock, featured, offer) values
	('mirror', 'Hand mirror', 'Polished bronze. For looking around corners.', 4900, 7, true, false),
	('bowl', 'Stone bowl', 'Turned from one block of soapstone; holds water, fruit or keys.', 3450, 12, true, true),
	('lamp', 'Alabaster lamp', 'Lets the light through as if it were thinking about it.', 12900, 3, true, false),
	('vase', 'Marble vase', 'Heavy enough for a cat. Comes without flowers.', 7900, 5, false, true),
	('candle', 'Slate candlestick', 'Three layers of slate and a candle that fits.', 2490, 20, false, true),
	('stool', 'Granite stool', 'It will be here when the house is gone.', 18900, 2, false, false);

-- +goose Down
drop table products;
