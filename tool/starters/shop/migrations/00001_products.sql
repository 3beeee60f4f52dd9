-- +goose Up
create table products (
	id text not null primary key, -- in its address
	name_en text not null,
	name_de text not null,
	name_ar text not null,
	text_en text not null,
	text_de text not null,
	text_ar text not null,
	price integer not null, -- cents
	stock integer not null check (stock >= 0),
	picture text not null default '', -- its key in the bucket; '' for none
	featured boolean not null, -- on the first page, and made at build
	offer boolean not null -- on the page of offers
);

insert into products (id, price, stock, featured, offer, name_en, text_en, name_de, text_de, name_ar, text_ar) values
	('mirror', 4900, 7, true, false,
		'Hand mirror', 'Polished bronze. For looking around corners.',
		'Handspiegel', 'Polierte Bronze. Zum Um-die-Ecke-Sehen.',
		'مرآة يد', 'برونز مصقول، للنظر خلف الزوايا.'),
	('bowl', 3450, 12, true, true,
		'Stone bowl', 'Turned from one block of soapstone; holds water, fruit or keys.',
		'Steinschale', 'Aus einem Block Speckstein gedreht; für Wasser, Obst oder Schlüssel.',
		'وعاء حجري', 'مخروط من كتلة واحدة من الحجر الصابوني، للماء أو الفاكهة أو المفاتيح.'),
	('lamp', 12900, 3, true, false,
		'Alabaster lamp', 'Lets the light through as if it were thinking about it.',
		'Alabasterlampe', 'Lässt das Licht durch, als dächte sie darüber nach.',
		'مصباح من المرمر', 'يمرّر الضوء كأنه يتأمله.'),
	('vase', 7900, 5, false, true,
		'Marble vase', 'Heavy enough for a cat. Comes without flowers.',
		'Marmorvase', 'Schwer genug für eine Katze. Ohne Blumen.',
		'مزهرية رخامية', 'ثقيلة بما يكفي لقطة، وتأتي من دون زهور.'),
	('candle', 2490, 20, false, true,
		'Slate candlestick', 'Three layers of slate and a candle that fits.',
		'Kerzenhalter aus Schiefer', 'Drei Lagen Schiefer und eine Kerze, die passt.',
		'شمعدان من الأردواز', 'ثلاث طبقات من الأردواز وشمعة تناسبها.'),
	('stool', 18900, 2, false, false,
		'Granite stool', 'It will be here when the house is gone.',
		'Granithocker', 'Er steht noch, wenn das Haus nicht mehr steht.',
		'مقعد من الجرانيت', 'سيبقى هنا حين لا يبقى البيت.');

-- +goose Down
drop table products;
