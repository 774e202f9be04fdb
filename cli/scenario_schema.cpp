#include "cli/scenario_schema.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "analysis/report/json_text.hpp"
#include "models/catalog.hpp"
#include "models/field/field.hpp"
#include "models/topology/build.hpp"

namespace tailrace::cli {

namespace {

using analysis::JsonText;
using models::Field;
using models::FieldTable;
using models::FieldType;

const std::string kNumber = R"(\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)";

std::string quantity(const std::string& units) {
  return "^ *" + kNumber + " *(" + units + ") *$";
}

void reference(JsonText& j, const std::string& name) {
  j.field("$ref", "#/$defs/" + name);
}

// A definition that is one of several plain forms.
void any_of(JsonText& j, const std::string& name, const std::vector<std::function<void(JsonText&)>>& forms) {
  j.key(name).begin_object().key("anyOf").begin_array();
  for (const auto& form : forms) {
    j.begin_inline_object();
    form(j);
    j.end_object();
  }
  j.end_array().end_object();
}

void definitions(JsonText& j) {
  const auto pattern = [](std::string text) {
    return [text](JsonText& json) { json.field("type", "string").field("pattern", text); };
  };
  const auto zero = [](JsonText& json) { json.field("const", 0); };
  const auto named = [](const char* name) { return [name](JsonText& json) { reference(json, name); }; };
  const auto number = [](JsonText& json) { json.field("type", "number"); };
  const auto law = pattern(R"(^ *[a-z_]+ *\(.*\) *$)");
  any_of(
      j, "duration",
      {pattern("^ *(" + kNumber + " *(ns|us|\u00b5s|\u03bcs|ms|s|min|h|d) *)+$"), pattern("^ *0 *$"), zero});
  any_of(j, "rate", {pattern(quantity("/(s|ms|min|h|d)"))});
  any_of(j, "size", {pattern(quantity("B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB")), pattern("^ *0 *$"), zero});
  any_of(j, "bandwidth", {pattern(quantity("[kMGT]?bit/s|[kKMG]?B/s|[KMG]iB/s"))});
  any_of(j, "fraction", {pattern("^ *" + kNumber + " *%? *$"), [](JsonText& json) {
                           json.field("type", "number").field("minimum", 0).field("maximum", 1);
                         }});
  any_of(j, "limit",
         {[](JsonText& json) { json.field("type", "integer").field("minimum", 0); },
          [](JsonText& json) { json.field("const", "unlimited"); }, pattern("^ *" + kNumber + " *$")});
  any_of(j, "reference", {pattern(R"(^[^.]+\.[^.]+$)")});
  any_of(j, "time_distribution", {named("duration"), law});
  any_of(j, "size_distribution", {named("size"), law});
  any_of(j, "count_distribution", {number, pattern("^ *" + kNumber + " *$"), law});
  j.key("scalar").begin_inline_object().key("type").begin_array();
  for (const char* type : {"string", "number", "boolean"}) j.value(type);
  j.end_array().end_object();
  any_of(j, "text", {named("scalar"), [](JsonText& json) { json.field("type", "array"); }});
}

void described(JsonText& j, const Field& f) {
  std::string text = f.text;
  if (!f.fallback.empty()) text += " (default " + f.fallback + ")";
  j.field("description", text);
}

void range(JsonText& j, const Field& f) {
  if (std::isfinite(f.range.min)) j.field(f.range.min_open ? "exclusiveMinimum" : "minimum", f.range.min);
  if (std::isfinite(f.range.max)) j.field("maximum", f.range.max);
}

void object(JsonText& j, const FieldTable& table);

// A section: its map, its short form, or nothing where nothing is required.
void section(JsonText& j, const FieldTable& table);

void type_of(JsonText& j, const Field& f) {
  switch (f.type) {
    case FieldType::duration:
      reference(j, "duration");
      break;
    case FieldType::rate:
      reference(j, "rate");
      break;
    case FieldType::bandwidth:
      reference(j, "bandwidth");
      break;
    case FieldType::size:
      reference(j, "size");
      break;
    case FieldType::fraction:
      reference(j, "fraction");
      break;
    case FieldType::count:
      j.field("type", "integer");
      if (!std::isfinite(f.range.min)) j.field("minimum", 0);
      range(j, f);
      break;
    case FieldType::limit:
      reference(j, "limit");
      break;
    case FieldType::number:
      j.field("type", "number");
      range(j, f);
      break;
    case FieldType::boolean:
      j.field("type", "boolean");
      break;
    case FieldType::text:
      reference(j, "text");
      break;
    case FieldType::data_file:
      j.field("type", "string");
      break;
    case FieldType::choice:
      j.key("enum").begin_inline_array();
      for (const std::string& c : f.choices) j.value(c);
      j.end_array();
      break;
    case FieldType::reference:
      reference(j, "reference");
      break;
    case FieldType::time_distribution:
      reference(j, "time_distribution");
      break;
    case FieldType::size_distribution:
      reference(j, "size_distribution");
      break;
    case FieldType::count_distribution:
      reference(j, "count_distribution");
      break;
    case FieldType::section:
      section(j, *f.section);
      break;
    case FieldType::map_of:
      j.field("type", "object");
      if (f.section) {
        j.key("additionalProperties").begin_object();
        section(j, *f.section);
        j.end_object();
      }
      break;
    case FieldType::list_of:
      j.field("type", "array");
      if (f.section) {
        j.key("items").begin_object();
        section(j, *f.section);
        j.end_object();
      }
      break;
    case FieldType::steps:
      reference(j, "steps");
      break;
  }
}

std::string policy_definition(const std::string& name) {
  return "policy_" + name;
}

void property(JsonText& j, const Field& f) {
  j.key(f.name).begin_object();
  described(j, f);
  if (f.own_page) {  // defined once, for all places
    reference(j, policy_definition(f.name));
    j.end_object();
    return;
  }
  if (f.also.empty()) {
    type_of(j, f);
  } else {
    j.key("anyOf").begin_array().begin_inline_object();
    type_of(j, f);
    j.end_object();
    for (const std::string& word : f.also) j.begin_inline_object().field("const", word).end_object();
    j.end_array();
  }
  j.end_object();
}

void required(JsonText& j, const FieldTable& table) {
  if (std::none_of(table.fields.begin(), table.fields.end(), [](const Field& f) { return f.required; }))
    return;
  j.key("required").begin_inline_array();
  for (const Field& f : table.fields) {
    if (f.required) j.value(f.name);
  }
  j.end_array();
}

void object(JsonText& j, const FieldTable& table) {
  j.field("type", "object").field("additionalProperties", false);
  required(j, table);
  j.key("properties").begin_object();
  for (const Field& f : table.fields) property(j, f);
  j.end_object();
}

void section(JsonText& j, const FieldTable& table) {
  const bool may_be_empty =
      std::none_of(table.fields.begin(), table.fields.end(), [](const Field& f) { return f.required; });
  const auto short_form = std::find_if(table.fields.begin(), table.fields.end(),
                                       [&](const Field& f) { return f.name == table.shorthand; });
  if (!may_be_empty && short_form == table.fields.end()) return object(j, table);
  j.key("anyOf").begin_array().begin_object();
  object(j, table);
  j.end_object();
  if (short_form != table.fields.end()) {
    j.begin_object();
    type_of(j, *short_form);
    j.end_object();
  }
  if (may_be_empty) j.begin_inline_object().field("type", "null").end_object();
  j.end_array();
}

// One definition each, whatever the places where they can be written.
void policies(JsonText& j) {
  for (const models::PolicyInfo& policy : models::policies()) {
    j.key(policy_definition(policy.name)).begin_object();
    j.field("title", policy.name).field("description", policy.about);
    j.key("anyOf").begin_array().begin_object();
    section(j, policy.fields);
    j.end_object().begin_inline_object().field("const", "none").end_object().end_array().end_object();
  }
}

void steps(JsonText& j) {
  j.key("step").begin_object().key("anyOf").begin_array();
  for (const models::StepKind& kind : models::step_kinds()) {
    j.begin_object().field("title", kind.name).field("description", kind.about);
    object(j, kind.fields);
    j.end_object();
  }
  j.begin_object()
      .field("title", "parallel")
      .field("description", "a list inside the list: its items run at the same time");
  j.field("type", "array").key("items").begin_inline_object();
  reference(j, "steps");
  j.end_object().end_object().end_array().end_object();
  j.key("steps").begin_object().key("anyOf").begin_array();
  j.begin_inline_object();
  reference(j, "step");
  j.end_object().begin_object().field("type", "array").key("items").begin_inline_object();
  reference(j, "step");
  j.end_object()
      .end_object()
      .begin_inline_object()
      .field("type", "null")
      .end_object()
      .end_array()
      .end_object();
}

void thresholds(JsonText& j, const Field& f) {
  j.key(f.name).begin_object();
  described(j, f);
  const auto condition = [&] {
    j.begin_inline_object().field("type", "string").end_object();
    j.begin_object().field("type", "object").field("additionalProperties", false);
    j.key("required").begin_inline_array().value("threshold").end_array();
    j.key("properties").begin_object();
    j.key("threshold").begin_inline_object().field("type", "string").end_object();
    j.key("abort_on_fail").begin_inline_object().field("type", "boolean").end_object();
    j.key("evaluate_every").begin_inline_object().field("type", "string").end_object();
    j.key("delay_abort_eval").begin_inline_object().field("type", "string").end_object();
    j.end_object().end_object();
  };
  j.field("type", "object").key("additionalProperties").begin_object().key("anyOf").begin_array();
  condition();
  j.begin_object().field("type", "array").key("items").begin_object().key("anyOf").begin_array();
  condition();
  j.end_array().end_object().end_object();
  j.end_array().end_object().end_object();
}

// A list whose items differ by their type.
void faults(JsonText& j, const Field& f) {
  j.key(f.name).begin_object();
  described(j, f);
  j.field("type", "array").key("items").begin_object().key("anyOf").begin_array();
  for (const models::FaultInfo& info : models::fault_types()) {
    j.begin_object().field("title", info.name).field("description", info.about);
    object(j, models::fault_entry_fields(info));
    j.end_object();
  }
  j.end_array().end_object().end_object();
}

void include(JsonText& j) {
  j.key("include").begin_object().field("description",
                                        "other files, below this one's folder, that are merged key by key");
  j.key("anyOf").begin_array().begin_inline_object().field("type", "string").end_object();
  j.begin_object()
      .field("type", "array")
      .key("items")
      .begin_inline_object()
      .field("type", "string")
      .end_object()
      .end_object();
  j.end_array().end_object();
}

void variants(JsonText& j) {
  j.key("variants").begin_object();
  j.field("description",
          "changes of the scenario by name, for --variant and compare: maps from paths to values");
  j.field("type", "object");
  j.key("propertyNames").begin_inline_object().field("pattern", "^[A-Za-z0-9_-]{1,100}$").end_object();
  j.key("additionalProperties").begin_inline_object().key("type").begin_inline_array();
  j.value("object").value("null").end_array().end_object().end_object();
}

}  // namespace

std::string scenario_schema() {
  JsonText j;
  j.begin_object();
  j.field("$schema", "https://json-schema.org/draft/2020-12/schema").field("title", "tailrace scenario");
  const FieldTable scenario = models::scenario_fields();
  j.field("description", scenario.about).field("type", "object").field("additionalProperties", false);
  required(j, scenario);
  j.key("properties").begin_object();
  for (const Field& f : scenario.fields) {
    if (f.name == "thresholds") {
      thresholds(j, f);
    } else if (f.name == "faults") {
      faults(j, f);
    } else {
      property(j, f);
    }
  }
  include(j);
  variants(j);
  for (const models::Kind& kind : models::kinds()) {
    j.key(kind.section).begin_object().field("description", kind.about);
    if (kind.named) {
      j.key("type").begin_inline_array().value("object").value("null").end_array();
      j.key("propertyNames").begin_inline_object().field("pattern", "^[^.]{1,200}$").end_object();
      j.key("additionalProperties").begin_object();
      section(j, kind.fields);
      j.end_object();
    } else {
      section(j, kind.fields);
    }
    j.end_object();
  }
  j.end_object();
  j.key("$defs").begin_object();
  definitions(j);
  policies(j);
  steps(j);
  j.end_object().end_object();
  return j.take();
}

}  // namespace tailrace::cli
