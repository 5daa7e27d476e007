// SPDX-License-Identifier: LGPL-2.1-or-later
// Which things are found in a sentence, which files are refused, and what things.txt must have.
#include "text/things.h"

#include <set>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

#include "text/tokenizer.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Things> read(const std::string& text) {
  std::istringstream stream(text);
  return Things::read(stream, "list.txt");
}

std::string message_for(const std::string& text) {
  const auto things = read(text);
  return things.ok() ? "was read" : things.error().message;
}

// The names of the nouns of a sentence.
std::vector<std::string> nouns_in(const Things& things, const std::string& sentence) {
  std::vector<std::string> names;
  for (const auto& mention : things.find(tokenize(sentence)))
    names.push_back(things.noun(mention.noun));
  return names;
}

const char* const kAnimals =
    "# Beasts\n"
    "\n"
    "animal | animals\n"
    "horse | horses, pony | ponies < animal\n"
    "dog | dogs < pet\n"
    "hot dog | hot dogs\n"
    "pet | pets < animal\n"
    "(orange) | oranges\n"
    "saddle, person | rider | riders\n"
    "rider | horse race > saddle, horse\n"
    "dog days | not a dog >\n";

TEST(Things, AllFormsAreTheSameNoun) {
  const auto things = read(kAnimals).value();
  EXPECT_THAT(nouns_in(things, "A pony, two ponies and a horse"),
              ElementsAre("pony", "pony", "horse"));
}

TEST(Things, NounsOfALineShareAGroup) {
  const auto things = read(kAnimals).value();
  EXPECT_EQ(things.groups(), 7);
  EXPECT_EQ(things.nouns(), 9);
  EXPECT_EQ(things.group_of(things.find_noun("horse")), things.group_of(things.find_noun("pony")));
  EXPECT_NE(things.group_of(things.find_noun("horse")), things.group_of(things.find_noun("dog")));
  EXPECT_EQ(things.find_noun("ponies"), -1);
}

TEST(Things, TwoWordsWinOverTheirParts) {
  const auto things = read(kAnimals).value();
  EXPECT_THAT(nouns_in(things, "a dog eats a hot dog"), ElementsAre("dog", "hot dog"));
}

TEST(Things, MentionTellsTheWords) {
  const auto things = read(kAnimals).value();
  const auto mentions = things.find({"two", "hot", "dogs", "hot-dog", "dog"});
  ASSERT_EQ(mentions.size(), 3U);
  EXPECT_EQ(mentions[0].first, 1U);
  EXPECT_EQ(mentions[0].words, 2U);
  EXPECT_EQ(mentions[1].first, 3U);
  EXPECT_EQ(mentions[1].words, 1U);
  EXPECT_EQ(mentions[2].first, 4U);
}

TEST(Things, HyphenIsABlankButPartsOfAWordAreNoThing) {
  const auto things = read(kAnimals).value();
  EXPECT_THAT(nouns_in(things, "a hot-dog"), ElementsAre("hot dog"));
  EXPECT_THAT(nouns_in(things, "a dog-walker near a guide-dog"), IsEmpty());
  EXPECT_THAT(nouns_in(things, "a hot dog-walker"), IsEmpty());
}

TEST(Things, NameInParenthesesIsNotLookedFor) {
  const auto things = read(kAnimals).value();
  EXPECT_THAT(nouns_in(things, "an orange dog and oranges"), ElementsAre("dog", "orange"));
}

TEST(Things, BroaderGroupsAreReachedInAllSteps) {
  const auto things = read(kAnimals).value();
  const auto group = [&](const char* name) { return things.group_of(things.find_noun(name)); };
  EXPECT_THAT(things.broader(group("dog")),
              testing::UnorderedElementsAre(group("pet"), group("animal")));
  EXPECT_THAT(things.broader(group("animal")), IsEmpty());
}

TEST(Things, PhrasesImplyNounsBesidesTheirOwn) {
  const auto things = read(kAnimals).value();
  const auto mentions = things.find({"a", "rider", "at", "a", "horse", "race"});
  ASSERT_EQ(mentions.size(), 5U);
  const std::vector<std::string> names = {"person", "saddle", "horse", "saddle", "horse"};
  for (size_t i = 0; i < mentions.size(); ++i) {
    EXPECT_EQ(things.noun(mentions[i].noun), names[i]);
    EXPECT_EQ(mentions[i].implied, i > 0);
    EXPECT_EQ(mentions[i].first, i < 3 ? 1U : 4U);
    EXPECT_EQ(mentions[i].words, i < 3 ? 1U : 2U);
  }
  // Only the form that is written.
  EXPECT_THAT(nouns_in(things, "riders"), ElementsAre("person"));
}

TEST(Things, PhraseThatImpliesNothingNamesNothing) {
  const auto things = read(kAnimals).value();
  EXPECT_THAT(nouns_in(things, "the dog days of a dog"), ElementsAre("dog"));
}

TEST(Things, SentenceWithoutThingsHasNone) {
  EXPECT_THAT(Things::standard().find({}), IsEmpty());
  EXPECT_THAT(nouns_in(Things::standard(), "this is very nice"), IsEmpty());
}

TEST(ThingsFile, ErrorsNameTheLine) {
  EXPECT_THAT(message_for("cat\n\ndog | | dogs\n"),
              HasSubstr("list.txt, line 3: there is nothing"));
  EXPECT_THAT(message_for("cat,\n"), HasSubstr("line 1: there is nothing"));
  EXPECT_THAT(message_for("cat\ndog | cat\n"), HasSubstr("line 2: 'cat' stands in the file twice"));
  EXPECT_THAT(message_for("cat\n(cat) | cats\n"),
              HasSubstr("line 2: the noun 'cat' stands in the file twice"));
  EXPECT_THAT(message_for("cat\n(light)\n"), HasSubstr("line 2: 'light' is not looked for"));
  EXPECT_THAT(message_for("cat | (cats)\n"), HasSubstr("line 1: '(cats)' has a parenthesis"));
  EXPECT_THAT(message_for("cat < beast\n"),
              HasSubstr("line 1: no group begins with the noun 'beast'"));
  EXPECT_THAT(message_for("beast, pet\ncat < pet\n"),
              HasSubstr("line 2: no group begins with the noun 'pet'"));
  EXPECT_THAT(message_for("cat <\n"), HasSubstr("line 1: no group begins with the noun ''"));
  EXPECT_THAT(message_for("a < b < c\n"), HasSubstr("line 1: there is more than one '<'"));
  EXPECT_THAT(message_for("~\n"), HasSubstr("line 1: there is nothing"));
  EXPECT_THAT(message_for("a\ncat < dog\ndog < cat\n"),
              HasSubstr("line 2: the group is broader than itself"));
  EXPECT_THAT(message_for("cat\npurrs > dog\n"), HasSubstr("line 2: there is no noun 'dog'"));
  EXPECT_THAT(message_for("cat\npurrs | > cat\n"), HasSubstr("line 2: there is nothing"));
  EXPECT_THAT(message_for("cat\n> cat\n"), HasSubstr("line 2: there is nothing"));
  EXPECT_THAT(message_for("cat\npurrs > cat > dog\n"), HasSubstr("line 2: there may be one '>'"));
  EXPECT_THAT(message_for("cat\npurrs > cat < dog\n"), HasSubstr("line 2: there may be one '>'"));
  EXPECT_THAT(message_for("# nothing\n"), HasSubstr("list.txt has no groups"));
}

TEST(ThingsFile, TildeMarksGroupsThatAreNotMeasured) {
  const auto things = read("~ shirt | shirts < clothes\nclothes\n").value();
  EXPECT_FALSE(things.is_measured(0));
  EXPECT_TRUE(things.is_measured(1));
  EXPECT_EQ(things.noun(0), "shirt");
}

TEST(ThingsFile, LineThatBeginsWithBlanksGoesOn) {
  const auto things = read("  cat | cats,\n  # between\n\tlion < animal\nanimal\n").value();
  EXPECT_EQ(things.groups(), 2);
  EXPECT_EQ(things.group_of(things.find_noun("lion")), 0);
  // An error names the line where the group begins.
  EXPECT_THAT(message_for("cat\ndog |\n  cat\n"), HasSubstr("line 2: 'cat' stands"));
}

TEST(ThingsFile, LineEndsOfOtherSystemsAreBlanks) {
  EXPECT_EQ(read("cat | cats\r\ndog\r\n").value().nouns(), 2);
}

TEST(StandardThings, HasAllCategoriesOfCoco) {
  const char* const categories =
      "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
      "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
      "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,"
      "baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,"
      "knife,spoon,bowl,banana,apple,sandwich,an orange on,broccoli,carrot,hot dog,pizza,donut,"
      "cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,"
      "cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,"
      "hair drier,toothbrush";
  const Things& things = Things::standard();
  std::istringstream stream(categories);
  int count = 0;
  for (std::string category; std::getline(stream, category, ','); ++count) {
    const Words words = tokenize(category);
    const auto mentions = things.find(words);
    ASSERT_EQ(mentions.size(), 1U) << category;
    EXPECT_EQ(mentions[0].words, words.size()) << category;
  }
  EXPECT_EQ(count, 80);
}

TEST(StandardThings, DifferentThingsAreInDifferentGroups) {
  const Things& things = Things::standard();
  std::set<int> groups;
  const std::vector<std::string> names = {
      "dog",    "cat",    "horse",    "cow",    "bird",    "owl",     "duck",   "giraffe",
      "bear",   "person", "car",      "bus",    "train",   "boat",    "chair",  "couch",
      "bed",    "table",  "counter",  "toilet", "kitchen", "beach",   "snow",   "tree",
      "stick",  "ball",   "tv",       "laptop", "fork",    "knife",   "tomato", "onion",
      "guitar", "drum",   "hospital", "church", "bag",     "suitcase"};
  for (const auto& name : names) {
    ASSERT_GE(things.find_noun(name), 0) << name;
    groups.insert(things.group_of(things.find_noun(name)));
  }
  EXPECT_EQ(groups.size(), names.size());
}

TEST(StandardThings, WhoNamesAKindNamesItsWhole) {
  const Things& things = Things::standard();
  const auto group = [&](const char* name) { return things.group_of(things.find_noun(name)); };
  for (const auto& pair :
       std::vector<std::pair<const char*, const char*>>{{"owl", "animal"},
                                                        {"banana", "food"},
                                                        {"hotel", "building"},
                                                        {"guitar", "instrument"},
                                                        {"soccer", "ball"},
                                                        {"laptop", "electronics"}}) {
    EXPECT_THAT(things.broader(group(pair.first)), testing::Contains(group(pair.second)))
        << pair.first;
  }
}

TEST(StandardThings, WordsThatMostlyMeanSomethingElseAreNoThings) {
  const Things& things = Things::standard();
  EXPECT_THAT(nouns_in(things, "an orange and white cat"), ElementsAre("cat"));
  EXPECT_THAT(nouns_in(things, "a bowl of oranges"), ElementsAre("bowl", "orange"));
  EXPECT_THAT(nouns_in(things, "a teddy bear in a light blue T-shirt"),
              ElementsAre("teddy bear", "shirt"));
  EXPECT_THAT(nouns_in(things, "a man swings a bat"), ElementsAre("man", "bat"));
}

TEST(StandardThings, ThoseWhoPoseForACameraShowNone) {
  const Things& things = Things::standard();
  EXPECT_THAT(nouns_in(things, "a man poses for the camera"), ElementsAre("man"));
  EXPECT_THAT(nouns_in(things, "a man holds a camera"), ElementsAre("man", "camera"));
  EXPECT_THAT(nouns_in(things, "a couple of cats"), ElementsAre("cat"));
}

TEST(StandardThings, ManyNounsHaveNames) {
  const Things& things = Things::standard();
  EXPECT_GE(things.groups(), 300);
  EXPECT_GE(things.nouns(), 500);
  for (int noun = 0; noun < things.nouns(); ++noun) {
    EXPECT_FALSE(things.noun(noun).empty());
    EXPECT_EQ(things.find_noun(things.noun(noun)), noun);
  }
}

TEST(Things, ListsPairsThatNameSomethingElseThanTheirLastWord) {
  const Things& things = Things::standard();
  bool has_hot_dog = false;
  for (const Things::Pair& pair : things.pairs()) {
    const auto alone = things.find({pair.second});
    EXPECT_TRUE(alone.empty() || alone.front().implied || alone.front().noun != pair.noun)
        << pair.first << ' ' << pair.second;
    has_hot_dog = has_hot_dog || (pair.first == "hot" && pair.second == "dog");
  }
  EXPECT_TRUE(has_hot_dog);
}

}  // namespace
}  // namespace jetsoncaption
