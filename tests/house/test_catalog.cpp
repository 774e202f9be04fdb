// The contract of everything that the catalog lists: whoever adds a kind, a step, a policy or a fault gets
// these tests with it. They go through the reader and the builder, as a user's scenario does, and know no
// field by name.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "models/catalog.hpp"
#include "models/fault/fault.hpp"
#include "models/topology/build.hpp"
#include "tests/house/files.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::house {
namespace {

using models::Field;
using models::FieldTable;
using models::FieldType;
using models::Kind;
using tests::load_text;
using tests::Loaded;
using tests::run_model;

constexpr std::int64_t kEvents = 10'000;

// A field somewhere below a kind or step, and how a scenario that writes it looks.
struct Place {
  const Field* field;
  std::string path;                                         // as diagnostics print it
  std::function<std::string(const std::string&)> scenario;  // with this value
};

// What some values need beside them to mean something.
std::string beside(const std::string& path, const std::string& value) {
  if (value == "reject_publish_dlx") return ", dead_letter: other";
  if (path.ends_with(".retry_budget.deposit_on")) return ", type: success_deposit";
  if (value == "dead_letter" && path.find(".on_failure") != std::string::npos)
    return ", dead_letter_topic: other, max_delivery_count: 3";
  if (value == "fair" && path.find("network.") == 0) return ", bandwidth: 1Gbit/s";
  if (value == "unlimited" && path.find(".linger") != std::string::npos) return ", batch_size: 20";
  return "";
}

// Visits the fields of a table and of the tables inside it. A table inside itself would be endless: depth is
// bounded.
void visit(const FieldTable& table, const std::string& path,
           const std::function<std::string(const std::string&)>& around,
           const std::function<void(const Place&)>& seen, int depth = 0) {
  ASSERT_LT(depth, 10) << path << ": a table that contains itself";
  for (const Field& field : table.fields) {
    const std::string here = path + "." + field.name;
    const auto write = [around, name = field.name](const std::string& value) {
      return around(name + ": " + value);
    };
    seen({&field, here, write});
    if (!field.section || field.own_page) continue;  // policies are visited at their own places
    std::string inner = here;
    std::string open = "{", close = "}";
    if (field.type == FieldType::map_of) {
      // Links are named by their two ends.
      const bool pairs = field.name == "links";
      inner += pairs ? ".a -> b" : ".x";
      open = pairs ? "{\"a -> b\": {" : "{x: {";
      close = "}}";
    } else if (field.type == FieldType::list_of) {
      inner += "[0]";
      open = "[{";
      close = "}]";
    }
    visit(
        *field.section, inner,
        [write, open, close](const std::string& entry) { return write(open + entry + close); }, seen,
        depth + 1);
  }
}

void visit_kind(const Kind& kind, const std::function<void(const Place&)>& seen) {
  const std::string before = "{tailrace: 1, " + kind.section + (kind.named ? ": {it: {" : ": {");
  const std::string after = kind.named ? "}}}" : "}}";
  visit(
      kind.fields, kind.section + (kind.named ? ".it" : ""),
      [before, after](const std::string& entry) { return before + entry + after; }, seen);
}

// A legal value for the field that names a step, so that the step is recognised while another field is looked
// at.
std::string some_value(const Field& field) {
  switch (field.type) {
    case FieldType::time_distribution:
      return "1ms";
    case FieldType::reference:
      return "it.x";
    case FieldType::fraction:
      return "50%";
    case FieldType::count_distribution:
      return "2";
    case FieldType::list_of:
      return "[{probability: 50%}]";
    default:
      return "[]";
  }
}

void visit_step(const models::StepKind& step, const std::function<void(const Place&)>& seen) {
  std::string name_field;
  for (const Field& field : step.fields.fields) {
    if (field.name == step.name) name_field = step.name + ": " + some_value(field);
  }
  ASSERT_FALSE(name_field.empty()) << step.name << ": the step's own name is no field of its table";
  const auto around = [name_field, own = step.name + ":"](const std::string& entry) {
    const std::string step_text = starts_with(entry, own) ? entry : name_field + ", " + entry;
    return "{tailrace: 1, services: {it: {endpoints: {x: {steps: [{" + step_text + "}]}}}}}";
  };
  visit(step.fields, "services.it.endpoints.x.steps[0]", around, seen);
}

// A runnable scenario with an open place for policies at each spot where they can be written; the ones that
// are given are filled in.
struct Written {
  std::string spot;  // as diagnostics print it
  std::string entry;
};
std::string world(const std::vector<Written>& written) {
  const auto at = [&](const std::string& spot) {
    std::string text;
    for (const Written& w : written) {
      if (w.spot == spot) text += ", " + w.entry;
    }
    return text;
  };
  const auto set = [&](const std::string& spot) {  // a map that may be empty
    const std::string text = at(spot);
    return text.empty() ? std::string("{}") : "{" + text.substr(2) + "}";
  };
  return "tailrace: 1\nrun: {duration: 20s, replications: 1, max_events: " + std::to_string(kEvents) +
         "}\ndefaults: {outbound: " + set("defaults.outbound") + ", inbound: " + set("defaults.inbound") +
         at("defaults") + "}\nworkloads: {users: {constant_arrival_rate: 100/s, calls: it.x" +
         at("workloads.users") + "}}\nservices:\n  it: {replicas: 3, workers: 8" + at("services.it") +
         ", outbound: " + set("services.it.outbound") + ", inbound: " + set("services.it.inbound") +
         ", endpoints: {x: {steps: [{call: store.get" + at("services.it.endpoints.x.steps[0]") +
         "}, compute: exp(2ms)]}}}\n  names: {endpoints: {lookup: [compute: 1ms]}}\ndatabases: {store: "
         "{connections: 2, operations: {get: exp(9ms)}" +
         at("databases.store") + ", inbound: " + set("databases.store.inbound") + "}}\n";
}

// Where a policy of a place is read: the widest first.
std::vector<std::string> spots(models::PolicyPlace place) {
  switch (place) {
    case models::PolicyPlace::call:
      return {"defaults.outbound", "workloads.users", "services.it.outbound",
              "services.it.endpoints.x.steps[0]"};
    case models::PolicyPlace::inbound:
      return {"defaults.inbound", "services.it.inbound", "databases.store.inbound"};
    case models::PolicyPlace::target:
      return {"defaults", "services.it", "databases.store"};
  }
  return {};
}

void visit_policies(const std::function<void(const Place&)>& seen) {
  for (const models::PolicyInfo& policy : models::policies()) {
    for (const models::PolicyPlace place : policy.places) {
      for (const std::string& spot : spots(place)) {
        const auto around = [&policy, spot](const std::string& entry) {
          return world({{spot, policy.name + ": {" + entry + "}"}});
        };
        visit(policy.fields, spot + "." + policy.name, around, seen);
      }
    }
  }
}

void visit_faults(const std::function<void(const Place&)>& seen) {
  for (const models::FaultInfo& info : models::fault_types()) {
    const auto around = [&info](const std::string& entry) {
      return "{tailrace: 1, faults: [{type: " + info.name + ", " + entry + "}]}";
    };
    FieldTable fields = models::fault_entry_fields(info);
    std::erase_if(fields.fields,
                  [](const Field& field) { return field.name == "type"; });  // stands in `around`
    visit(fields, "faults[0]", around, seen);
  }
}

// What is neither a kind's nor has a page of its own.
void visit_sections(const std::function<void(const Place&)>& seen) {
  const FieldTable scenario = models::scenario_fields();
  for (const Field& field : scenario.fields) {
    if (field.name == "slos") {
      visit(
          *field.section, "slos.x",
          [](const std::string& e) { return "{tailrace: 1, slos: {x: {" + e + "}}}"; }, seen);
    }
    if (field.name == "deployments") {
      visit(
          *field.section, "deployments[0]",
          [](const std::string& e) { return "{tailrace: 1, deployments: [{" + e + "}]}"; }, seen);
    }
  }
}

void visit_everything(const std::function<void(const Place&)>& seen) {
  for (const Kind& kind : models::kinds()) visit_kind(kind, seen);
  for (const models::StepKind& step : models::step_kinds()) visit_step(step, seen);
  visit(
      models::run_fields(), "run", [](const std::string& e) { return "{tailrace: 1, run: {" + e + "}}"; },
      seen);
  visit_sections(seen);
  visit_faults(seen);
  visit_policies(seen);
}

// What the diagnostics say about one place and nothing else.
std::string errors_at(const Loaded& loaded, const std::string& path) {
  std::string text;
  for (const models::Diagnostic& d : loaded.diagnostics.all()) {
    if (d.severity == models::Severity::error && d.path == path) text += d.message + "\n";
  }
  return text;
}

TEST(Catalog, every_kind_step_policy_and_fault_describes_itself) {
  std::set<std::string> names, sections;
  for (const Kind& kind : models::kinds()) {
    EXPECT_FALSE(kind.name.empty());
    EXPECT_FALSE(kind.about.empty()) << kind.name;
    EXPECT_FALSE(kind.example.empty()) << kind.name;
    EXPECT_FALSE(kind.fields.fields.empty()) << kind.name;
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name << " is listed twice";
    EXPECT_TRUE(sections.insert(kind.section).second) << kind.section << " is two kinds' section";
  }
  for (const models::StepKind& step : models::step_kinds()) {
    EXPECT_FALSE(step.about.empty()) << step.name;
    EXPECT_TRUE(names.insert("step " + step.name).second) << step.name << " is listed twice";
  }
  for (const models::PolicyInfo& policy : models::policies()) {
    EXPECT_FALSE(policy.about.empty()) << policy.name;
    EXPECT_FALSE(policy.example.empty()) << policy.name;
    EXPECT_FALSE(policy.fields.fields.empty()) << policy.name;
    EXPECT_FALSE(policy.places.empty()) << policy.name << " can be written nowhere";
    EXPECT_TRUE(names.insert("policy " + policy.name).second) << policy.name << " is listed twice";
    const std::set<std::string> seams = {"admission", "selection", "reaction", "timing", "queueing"};
    EXPECT_EQ(seams.count(policy.seam), 1u) << policy.name << " sits at no seam: " << policy.seam;
  }
  for (const models::FaultInfo& fault : models::fault_types()) {
    EXPECT_FALSE(fault.about.empty()) << fault.name;
    EXPECT_TRUE(names.insert("fault " + fault.name).second) << fault.name << " is listed twice";
  }
  EXPECT_GE(names.size(), 80u);
}

TEST(Catalog, every_field_has_a_lower_case_name_of_its_own_and_a_text) {
  std::set<std::string> places;
  visit_everything([&](const Place& place) {
    EXPECT_FALSE(place.field->text.empty()) << place.path;
    EXPECT_EQ(place.field->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos)
        << place.path;
    // Steps share names, and so do faults.
    const bool shared =
        starts_with(place.path, "services.it.endpoints.x.steps") || starts_with(place.path, "faults[0]");
    EXPECT_TRUE(places.insert(place.path).second || shared) << place.path << " is there twice";
  });
  EXPECT_EQ(places.count("faults[0].repeat.every"), 1u);
  EXPECT_EQ(places.count("deployments[0].version.expects[0].api"), 1u);
  EXPECT_EQ(places.count("slos.x.alerts[0].burn_rate"), 1u);
  EXPECT_GT(places.size(), 500u);
}

TEST(Catalog, a_documented_default_is_a_legal_value_of_its_field) {
  int defaults = 0;
  visit_everything([&](const Place& place) {
    const std::string& value = place.field->fallback;
    if (value.empty()) return;
    ++defaults;
    const std::string quoted = fmt::format("\"{}\"", value);
    const bool text =
        place.field->type == FieldType::text || value.find_first_of(",{}[]:") != std::string::npos;
    EXPECT_EQ(errors_at(load_text(place.scenario(text ? quoted : value)), place.path), "")
        << place.path << ": " << value;
  });
  EXPECT_GT(defaults, 20);
}

TEST(Catalog, a_choice_accepts_its_words_and_no_other) {
  int choices = 0;
  visit_everything([&](const Place& place) {
    if (place.field->type != FieldType::choice) return;
    ++choices;
    for (const std::string& word : place.field->choices) {
      EXPECT_EQ(errors_at(load_text(place.scenario(word + beside(place.path, word))), place.path), "")
          << place.path << ": " << word;
    }
    EXPECT_NE(errors_at(load_text(place.scenario("no_such_word")), place.path), "") << place.path;
  });
  EXPECT_GT(choices, 3);
}

TEST(Catalog, a_word_in_place_of_a_value_is_accepted_and_stands_in_the_reference) {
  const std::string reference = read_text("docs/reference.md");
  int words = 0;
  visit_everything([&](const Place& place) {
    for (const std::string& word : place.field->also) {
      ++words;
      EXPECT_EQ(errors_at(load_text(place.scenario(word + beside(place.path, word))), place.path), "")
          << place.path << ": " << word;
      const std::string type = std::string(models::type_name(place.field->type)) + " or " + word;
      const std::string own = place.field->name + "` | " + type + " |";  // without what the page is about
      EXPECT_NE(reference.find(own), std::string::npos) << place.path;
    }
    if (place.field->also.empty()) return;
    EXPECT_NE(errors_at(load_text(place.scenario("no_such_word")), place.path), "") << place.path;
  });
  EXPECT_GE(words, 1);
}

TEST(Catalog, a_negative_amount_is_refused_where_it_stands) {
  int refused = 0;
  visit_everything([&](const Place& place) {
    std::string value;
    switch (place.field->type) {
      case FieldType::duration:
      case FieldType::time_distribution:
        value = "-1s";
        break;
      case FieldType::rate:
        value = "-1/s";
        break;
      case FieldType::bandwidth:
        value = "-1Mbit/s";
        break;
      case FieldType::size:
      case FieldType::size_distribution:
        value = "-1KiB";
        break;
      case FieldType::fraction:
        value = "-1%";
        break;
      case FieldType::count:
      case FieldType::limit:
      case FieldType::count_distribution:
        value = "-1";
        break;
      case FieldType::number:
        if (place.field->range.min < 0) return;
        value = "-1";
        break;
      default:
        return;
    }
    ++refused;
    EXPECT_NE(errors_at(load_text(place.scenario(value)), place.path), "")
        << place.path << ": " << value << " is accepted";
  });
  EXPECT_GT(refused, 40);
}

TEST(Catalog, an_amount_without_its_unit_is_refused_where_it_stands) {
  int refused = 0;
  visit_everything([&](const Place& place) {
    switch (place.field->type) {
      case FieldType::duration:
      case FieldType::rate:
      case FieldType::bandwidth:
      case FieldType::size:
      case FieldType::time_distribution:
      case FieldType::size_distribution:
        break;
      default:
        return;
    }
    ++refused;
    EXPECT_NE(errors_at(load_text(place.scenario("7")), place.path), "")
        << place.path << ": a bare 7 is accepted";
  });
  EXPECT_GT(refused, 15);
}

class EveryKind : public testing::TestWithParam<std::size_t> {
 protected:
  const Kind& kind() const { return models::kinds()[GetParam()]; }

  static bool handles_messages(const models::Topology& t, int operation) {
    for (const models::MessageChannel& channel : t.channels) {
      for (const models::ConsumerGroup& group : channel.groups) {
        if (group.operation == operation) return true;
      }
    }
    return false;
  }

  // The examples of all kinds side by side, and requests for every operation of the kind under test.
  Loaded example(const std::vector<std::string>& more = {}) const {
    std::string text =
        "tailrace: 1\nrun: {duration: 1h, replications: 1, max_events: " + std::to_string(kEvents) + "}\n";
    for (const Kind& k : models::kinds()) text += k.section + ": " + k.example + "\n";
    const Loaded first = load_text(text, more);
    if (!first.topology) return first;
    std::string steps;
    for (std::size_t i = 0; i < first.topology->operations.size(); ++i) {
      const auto component = static_cast<std::size_t>(first.topology->operations[i].component);
      if (first.topology->components[component].kind != kind().name) continue;
      const models::Operation& op = first.topology->operations[i];
      const std::string name = first.topology->operation_name(static_cast<int>(i));
      if (handles_messages(*first.topology, static_cast<int>(i))) continue;  // only its channel calls it
      steps +=
          (steps.empty() ? "" : ", ") + (op.channel == models::kNone ? "call: " + name
                                         : op.name == "publish" ? "publish: " + name.substr(0, name.find('.'))
                                                                : "publish: " + name);
    }
    if (steps.empty()) return first;
    std::vector<std::string> overrides = more;
    overrides.push_back("workloads.probe={constant_arrival_rate: 100/s, steps: [" + steps + "]}");
    return load_text(text, overrides);
  }
};

TEST_P(EveryKind, runs_its_example_and_twice_alike) {
  const Loaded loaded = example();
  ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
  bool present = !kind().named;
  for (const models::Component& c : loaded.topology->components) present = present || c.kind == kind().name;
  EXPECT_TRUE(present) << "the example has no " << kind().name;

  const auto model = models::compile(loaded.topology);
  const std::vector<models::RunRecord> once = run_model(model).records;
  const std::vector<models::RunRecord> again = run_model(models::compile(loaded.topology)).records;
  ASSERT_EQ(once.size(), 1u);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_GE(once[0].events, static_cast<std::uint64_t>(kEvents)) << once[0].message;
  EXPECT_EQ(once[0].status, models::RunStatus::event_budget) << once[0].message;
  EXPECT_EQ(once[0].trajectory, again[0].trajectory);
  EXPECT_EQ(models::result_fingerprint(once[0]), models::result_fingerprint(again[0]));
}

TEST_P(EveryKind, runs_otherwise_with_another_seed) {
  const Loaded one = example({"run.seed=1"});
  const Loaded other = example({"run.seed=2"});
  ASSERT_TRUE(one.topology && other.topology) << one.shown << other.shown;
  EXPECT_NE(run_model(models::compile(one.topology)).records[0].trajectory,
            run_model(models::compile(other.topology)).records[0].trajectory);
}

TEST_P(EveryKind, reports_an_unknown_key_with_its_line_and_column) {
  // line 1: the version; then the section, the component where there are names, and the key, two columns
  // deeper each.
  const std::string text =
      "tailrace: 1\n" + kind().section + (kind().named ? ":\n  it:\n    " : ":\n  ") + "no_such_key: 1\n";
  const Loaded loaded = load_text(text);
  EXPECT_EQ(loaded.topology, nullptr);
  const models::Diagnostic* found = nullptr;
  for (const models::Diagnostic& d : loaded.diagnostics.all()) {
    if (d.message.find("no_such_key") != std::string::npos) found = &d;
  }
  ASSERT_NE(found, nullptr) << loaded.shown;
  EXPECT_EQ(found->mark.line, kind().named ? 4u : 3u);
  EXPECT_EQ(found->mark.column, kind().named ? 5u : 3u);
  EXPECT_EQ(found->severity, models::Severity::error);
}

std::string kind_name(const testing::TestParamInfo<std::size_t>& index) {
  return models::kinds()[index.param].name;
}

// What the policies of a topology amount to, in words: equal where they are.
std::string footprint(const models::Topology& t) {
  std::string text;
  const auto ns = [](const std::optional<sim::Duration>& d) { return d ? d->ns : -1; };
  for (const models::Edge& e : t.edges) {
    text += fmt::format(
        "{}: timeout {} per try {} retries {} on {} deadline {} cancels {} budget {} hedges {} "
        "fallback {} asks",
        e.path, ns(e.timeout), ns(e.per_try_timeout), e.retries, e.retry_on, ns(e.deadline), e.cancels,
        e.retry_budget != nullptr, e.hedging.has_value(), e.fallback.has_value());
    for (const models::AdmissionUse& use : e.admissions)
      text += fmt::format(" {}{}", use.policy, use.per_attempt ? "" : " (once)");
    text += "\n";
  }
  for (const models::Station& s : t.stations) {
    if (s.name == "names") continue;  // it only answers lookups, and takes what defaults say
    text += fmt::format("{}: queue policy {} balancing {} outliers {} health {} doors", s.name,
                        s.queue_policy != nullptr, static_cast<int>(s.balancer.policy),
                        s.balancer.outliers.has_value(), s.balancer.health.has_value());
    for (const models::AdmissionUse& use : s.doors) text += " " + use.policy;
    text += fmt::format(" pushback {} discovery {}\n", ns(s.pushback), s.discovery != nullptr);
  }
  return text;
}

class EveryPolicy : public testing::TestWithParam<std::size_t> {
 protected:
  const models::PolicyInfo& policy() const { return models::policies()[GetParam()]; }
  std::string example() const { return policy().name + ": " + policy().example; }
  std::string none() const { return policy().name + ": none"; }
  std::vector<std::string> all_spots() const {
    std::vector<std::string> list;
    for (const models::PolicyPlace place : policy().places) {
      const std::vector<std::string> here = spots(place);
      list.insert(list.end(), here.begin(), here.end());
    }
    return list;
  }
  // What it needs beside it to mean something.
  std::vector<Written> beside(const std::string& spot) const {
    if (policy().name == "order") return {{spot, "rate_limit: 50/s"}, {spot, "circuit_breaker: {}"}};
    return {};
  }
  Loaded with(const std::string& spot, const std::string& entry) const {
    std::vector<Written> written = beside(spot);
    written.push_back({spot, entry});
    return load_text(world(written));
  }
};

TEST_P(EveryPolicy, is_read_at_every_place_that_it_names_and_changes_something_there) {
  ASSERT_FALSE(all_spots().empty());
  for (const std::string& spot : all_spots()) {
    const Loaded bare = load_text(world(beside(spot)));
    ASSERT_NE(bare.topology, nullptr) << bare.shown;
    const Loaded loaded = with(spot, example());
    ASSERT_NE(loaded.topology, nullptr) << spot << "\n" << loaded.shown;
    if (policy().name == "order") continue;  // its example is the order that holds anyway
    EXPECT_NE(footprint(*loaded.topology), footprint(*bare.topology)) << spot;
  }
}

TEST_P(EveryPolicy, is_unknown_at_every_other_place) {
  using models::PolicyPlace;
  const std::vector<std::string> known = all_spots();
  int others = 0;
  for (const PolicyPlace place : {PolicyPlace::call, PolicyPlace::inbound, PolicyPlace::target}) {
    for (const std::string& spot : spots(place)) {
      if (std::find(known.begin(), known.end(), spot) != known.end()) continue;
      // A service's own `cancellation` is what it does when a caller leaves, no policy of a call.
      if (policy().name == "cancellation" && spot == "services.it") continue;
      ++others;
      EXPECT_EQ(load_text(world({{spot, example()}})).topology, nullptr) << spot;
    }
  }
  EXPECT_GT(others, 0);
}

TEST_P(EveryPolicy, is_taken_away_by_none) {
  const Loaded bare = load_text(world({}));
  ASSERT_NE(bare.topology, nullptr) << bare.shown;
  std::vector<Written> written;
  for (const models::PolicyPlace place : policy().places) {
    const std::vector<std::string> here = spots(place);
    written.push_back({here.front(), example()});
    for (std::size_t i = 1; i < here.size(); ++i) written.push_back({here[i], none()});
  }
  const Loaded taken = load_text(world(written));
  ASSERT_NE(taken.topology, nullptr) << taken.shown;
  EXPECT_EQ(footprint(*taken.topology), footprint(*bare.topology));
  const auto result = [](const Loaded& loaded) {
    return models::result_fingerprint(run_model(models::compile(loaded.topology)).records[0]);
  };
  EXPECT_EQ(result(taken), result(bare));
}

TEST_P(EveryPolicy, runs_its_example_twice_alike) {
  for (const models::PolicyPlace place : policy().places) {
    const Loaded loaded = with(spots(place).front(), example());
    ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
    const models::RunRecord once = run_model(models::compile(loaded.topology)).records[0];
    const models::RunRecord again = run_model(models::compile(loaded.topology)).records[0];
    EXPECT_TRUE(once.status == models::RunStatus::completed || once.status == models::RunStatus::event_budget)
        << once.message;
    EXPECT_GT(once.events, 3000u);
    EXPECT_EQ(once.trajectory, again.trajectory);
    EXPECT_EQ(models::result_fingerprint(once), models::result_fingerprint(again));
  }
}

std::string policy_name(const testing::TestParamInfo<std::size_t>& index) {
  return models::policies()[index.param].name;
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryPolicy, testing::Range(std::size_t{0}, models::policies().size()),
                         policy_name);
INSTANTIATE_TEST_SUITE_P(Catalog, EveryKind, testing::Range(std::size_t{0}, models::kinds().size()),
                         kind_name);

}  // namespace
}  // namespace tailrace::house
