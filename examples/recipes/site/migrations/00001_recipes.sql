create table recipes (
	id text primary key,
	picture text not null default '', -- the name of an asset; '' for none
	published boolean not null,
	changed timestamp not null,
	texts text not null -- JSON: what it says in each language that it was written in
);

insert into recipes (id, picture, published, changed, texts) values ('pumpkin-soup', 'soup.jpg', true, '2026-11-20 12:00:00+00:00', '{
	"en": {
		"title": "Pumpkin soup",
		"summary": "Roasted first, so that it tastes of more than water and cream.",
		"servings": 4,
		"level": "easy",
		"tags": ["soup", "autumn"],
		"ingredients": "1 kg pumpkin\n2 onions\n3 tbsp olive oil\n700 ml vegetable stock\n100 ml cream\n1 pinch of nutmeg",
		"steps": [
			{"text": "Cut the pumpkin into wedges and the onions into quarters; toss them in oil and salt.", "minutes": 10},
			{"text": "Roast at 200 °C until the edges are brown.", "minutes": 35},
			{"text": "Simmer with the stock, then blend until smooth.", "minutes": 10},
			{"text": "Draw a spiral of cream on top and add nutmeg."}
		]
	},
	"de": {
		"title": "Kürbissuppe",
		"summary": "Erst geröstet, damit sie nach mehr schmeckt als nach Wasser und Sahne.",
		"servings": 4,
		"level": "easy",
		"tags": ["Suppe", "Herbst"],
		"ingredients": "1 kg Kürbis\n2 Zwiebeln\n3 EL Olivenöl\n700 ml Gemüsebrühe\n100 ml Sahne\n1 Prise Muskat",
		"steps": [
			{"text": "Kürbis in Spalten, Zwiebeln in Viertel schneiden; in Öl und Salz wenden.", "minutes": 10},
			{"text": "Bei 200 °C rösten, bis die Ränder braun sind.", "minutes": 35},
			{"text": "Mit der Brühe köcheln lassen, dann fein pürieren.", "minutes": 10},
			{"text": "Mit Sahne eine Spirale ziehen, Muskat darüber."}
		]
	}
}');

insert into recipes (id, picture, published, changed, texts) values ('blueberry-pancakes', 'pancakes.jpg', true, '2026-11-14 12:00:00+00:00', '{
	"en": {
		"title": "Blueberry pancakes",
		"summary": "Thick, with crisp edges. The batter rests, and so may you.",
		"servings": 3,
		"level": "easy",
		"tags": ["breakfast", "sweet"],
		"ingredients": "250 g flour\n2 tsp baking powder\n2 eggs\n300 ml buttermilk\n40 g butter\n150 g blueberries\n4 tbsp maple syrup",
		"steps": [
			{"text": "Mix flour, baking powder and a pinch of salt; stir in eggs and buttermilk, not too well.", "minutes": 5},
			{"text": "Let the batter rest.", "minutes": 20},
			{"text": "Fry small ones in butter over medium heat; turn when bubbles stay open.", "minutes": 15},
			{"text": "Serve in a pile with berries, butter and syrup."}
		]
	},
	"de": {
		"title": "Blaubeer-Pfannkuchen",
		"summary": "Dick, mit knusprigem Rand. Der Teig ruht, und Sie dürfen das auch.",
		"servings": 3,
		"level": "easy",
		"tags": ["Frühstück", "süß"],
		"ingredients": "250 g Mehl\n2 TL Backpulver\n2 Eier\n300 ml Buttermilch\n40 g Butter\n150 g Blaubeeren\n4 EL Ahornsirup",
		"steps": [
			{"text": "Mehl, Backpulver und eine Prise Salz mischen; Eier und Buttermilch einrühren, nicht zu gründlich.", "minutes": 5},
			{"text": "Den Teig ruhen lassen.", "minutes": 20},
			{"text": "Kleine in Butter bei mittlerer Hitze braten; wenden, wenn Blasen offen bleiben.", "minutes": 15},
			{"text": "Gestapelt mit Beeren, Butter und Sirup servieren."}
		]
	}
}');

insert into recipes (id, picture, published, changed, texts) values ('caprese', 'salad.jpg', true, '2026-08-02 12:00:00+00:00', '{
	"en": {
		"title": "Caprese",
		"summary": "Three ingredients, so each of them has to be good.",
		"servings": 2,
		"level": "easy",
		"tags": ["salad", "summer"],
		"ingredients": "500 g ripe tomatoes\n200 g mozzarella\n1 bunch of basil\n3 tbsp olive oil",
		"steps": [
			{"text": "Take tomatoes and cheese out of the fridge an hour before."},
			{"text": "Slice, arrange, and season with salt and pepper.", "minutes": 10},
			{"text": "Add basil and oil at the table."}
		]
	},
	"de": {
		"title": "Caprese",
		"summary": "Drei Zutaten, also muss jede davon gut sein.",
		"servings": 2,
		"level": "easy",
		"tags": ["Salat", "Sommer"],
		"ingredients": "500 g reife Tomaten\n200 g Mozzarella\n1 Bund Basilikum\n3 EL Olivenöl",
		"steps": [
			{"text": "Tomaten und Käse eine Stunde vorher aus dem Kühlschrank nehmen."},
			{"text": "In Scheiben schneiden, anrichten, salzen und pfeffern.", "minutes": 10},
			{"text": "Basilikum und Öl am Tisch dazugeben."}
		]
	}
}');

insert into recipes (id, picture, published, changed, texts) values ('country-loaf', 'bread.jpg', true, '2026-10-09 12:00:00+00:00', '{
	"en": {
		"title": "Country loaf",
		"summary": "Flour, water, salt and a night. Almost all of the time is waiting.",
		"servings": 8,
		"level": "hard",
		"tags": ["bread"],
		"ingredients": "500 g flour\n360 ml water\n10 g salt\n2 g dry yeast",
		"steps": [
			{"text": "Mix everything to a wet dough; fold it four times in the first two hours.", "minutes": 120},
			{"text": "Leave it in the fridge overnight.", "minutes": 600},
			{"text": "Shape it, let it rise, and score it five times.", "minutes": 60},
			{"text": "Bake in a hot pot: 25 minutes with the lid on, 20 without.", "minutes": 45}
		]
	},
	"de": {
		"title": "Landbrot",
		"summary": "Mehl, Wasser, Salz und eine Nacht. Fast alles daran ist Warten.",
		"servings": 8,
		"level": "hard",
		"tags": ["Brot"],
		"ingredients": "500 g Mehl\n360 ml Wasser\n10 g Salz\n2 g Trockenhefe",
		"steps": [
			{"text": "Alles zu einem nassen Teig mischen; in den ersten zwei Stunden viermal falten.", "minutes": 120},
			{"text": "Über Nacht in den Kühlschrank stellen.", "minutes": 600},
			{"text": "Formen, gehen lassen und fünfmal einschneiden.", "minutes": 60},
			{"text": "Im heißen Topf backen: 25 Minuten mit Deckel, 20 ohne.", "minutes": 45}
		]
	}
}');

insert into recipes (id, picture, published, changed, texts) values ('chickpea-curry', 'curry.jpg', true, '2026-09-25 12:00:00+00:00', '{
	"en": {
		"title": "Chickpea curry",
		"summary": "From the cupboard to the table in half an hour.",
		"servings": 4,
		"level": "medium",
		"tags": ["vegan", "weekday"],
		"ingredients": "2 tins chickpeas\n400 ml coconut milk\n1 onion\n3 cloves of garlic\n2 tbsp curry paste\n300 g rice\n1 chilli\n1 bunch of coriander",
		"steps": [
			{"text": "Cook the rice.", "minutes": 15},
			{"text": "Fry onion, garlic and paste until it smells of more than onions.", "minutes": 8},
			{"text": "Add chickpeas and coconut milk; simmer.", "minutes": 15},
			{"text": "Serve with chilli and coriander."}
		]
	},
	"de": {
		"title": "Kichererbsen-Curry",
		"summary": "Vom Vorratsschrank auf den Tisch in einer halben Stunde.",
		"servings": 4,
		"level": "medium",
		"tags": ["vegan", "Alltag"],
		"ingredients": "2 Dosen Kichererbsen\n400 ml Kokosmilch\n1 Zwiebel\n3 Knoblauchzehen\n2 EL Currypaste\n300 g Reis\n1 Chili\n1 Bund Koriander",
		"steps": [
			{"text": "Den Reis kochen.", "minutes": 15},
			{"text": "Zwiebel, Knoblauch und Paste braten, bis es nach mehr als Zwiebeln duftet.", "minutes": 8},
			{"text": "Kichererbsen und Kokosmilch dazugeben; köcheln lassen.", "minutes": 15},
			{"text": "Mit Chili und Koriander servieren."}
		]
	}
}');

insert into recipes (id, picture, published, changed, texts) values ('plum-cake', 'plums.jpg', true, '2026-09-12 12:00:00+00:00', '{
	"en": {
		"title": "Plum cake",
		"summary": "A tray for the whole street, best on the second day.",
		"servings": 12,
		"level": "medium",
		"tags": ["cake", "autumn"],
		"ingredients": "1.5 kg plums\n400 g flour\n200 ml milk\n80 g butter\n80 g sugar\n20 g fresh yeast\n2 tbsp coarse sugar",
		"steps": [
			{"text": "Knead flour, warm milk, butter, sugar and yeast; let the dough rise.", "minutes": 75},
			{"text": "Roll it out on a tray, and set the plums in tight rows.", "minutes": 20},
			{"text": "Let it rise again, then bake at 190 °C.", "minutes": 55},
			{"text": "Sprinkle with coarse sugar while it is warm."}
		]
	},
	"de": {
		"title": "Pflaumenkuchen",
		"summary": "Ein Blech für die ganze Straße, am besten am zweiten Tag.",
		"servings": 12,
		"level": "medium",
		"tags": ["Kuchen", "Herbst"],
		"ingredients": "1.5 kg Pflaumen\n400 g Mehl\n200 ml Milch\n80 g Butter\n80 g Zucker\n20 g frische Hefe\n2 EL Hagelzucker",
		"steps": [
			{"text": "Mehl, warme Milch, Butter, Zucker und Hefe kneten; den Teig gehen lassen.", "minutes": 75},
			{"text": "Auf dem Blech ausrollen und die Pflaumen in engen Reihen daraufsetzen.", "minutes": 20},
			{"text": "Noch einmal gehen lassen, dann bei 190 °C backen.", "minutes": 55},
			{"text": "Noch warm mit Hagelzucker bestreuen."}
		]
	}
}');
