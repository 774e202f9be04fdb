#include "cli/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/reference_forms.hpp"
#include "models/catalog.hpp"
#include "models/field/units.hpp"
#include "models/topology/build.hpp"

namespace tailrace::cli {

namespace {

using models::Field;
using models::FieldTable;
using models::FieldType;

constexpr std::size_t kTextWidth = 110;

struct Topic {
  std::string name, group, about;
  FieldTable fields;
  std::string section, example;  // of a kind
};

std::vector<Topic> topics() {
  std::vector<Topic> list;
  list.push_back(
      {"scenario", "sections", models::scenario_fields().about, models::scenario_fields(), "", ""});
  list.push_back(
      {"defaults", "sections", models::defaults_fields().about, models::defaults_fields(), "", ""});
  list.push_back({"run", "sections", models::run_fields().about, models::run_fields(), "", ""});
  const FieldTable faults = models::fault_fields();
  list.push_back({"faults", "sections", faults.about, faults, "", ""});
  for (const models::Kind& k : models::kinds())
    list.push_back({k.name, "kinds", k.about, k.fields, k.section, k.example});
  for (const models::StepKind& s : models::step_kinds())
    list.push_back({s.name, "steps", s.about, s.fields, "", ""});
  return list;
}

std::string wrapped(const std::string& text, std::size_t indent) {
  const std::size_t width = kTextWidth > indent + 30 ? kTextWidth - indent : 30;
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find(' ', at);
    if (end == std::string::npos) end = text.size();
    if (used > 0 && used + 1 + (end - at) > width) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += text.substr(at, end - at);
    used += end - at;
    at = end + 1;
  }
  return out;
}

std::string default_text(const Field& field) {
  return field.required ? "required" : field.fallback;
}

// What stands below a field: a section's own fields, under a name or index where it is a map or a list.
std::string child_prefix(const Field& field) {
  if (field.type == FieldType::map_of) return field.name + ".<name>";
  if (field.type == FieldType::list_of) return field.name + "[]";
  return field.name;
}

struct Row {
  std::string name, type, fallback, range, text;
};

// The sections of a scenario have pages of their own, like the policies.
bool has_own_page(const Field& field) {
  return field.own_page ||
         (field.type == FieldType::section && (field.name == "run" || field.name == "defaults"));
}

void collect(const FieldTable& table, const std::string& prefix, bool indented, std::vector<Row>& rows) {
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const Field& f = table.fields[i];
    std::string text = f.text;
    if (f.own_page) {  // all that stand together, in one row
      std::string names = f.name;
      for (; i + 1 < table.fields.size() && table.fields[i + 1].own_page; ++i)
        names += ", " + table.fields[i + 1].name;
      const bool one = names == f.name;
      rows.push_back({prefix + (one ? f.name : "<policy>"), one ? "policy or none" : "policies", "", "",
                      one ? std::move(text) : "each a policy or none: " + names});
      continue;
    }
    if (f.name == "autoscaling" && !prefix.empty()) {  // described where services have it
      rows.push_back({prefix + f.name, type_text(f), "", "", text + "; its fields are those of a service's"});
      continue;
    }
    if (has_own_page(f)) {
      text += fmt::format("; see {}", f.name);
    } else if (f.section && !f.section->shorthand.empty()) {
      text += fmt::format("; short form: a value in its place is {}", f.section->shorthand);
    }
    rows.push_back({prefix + f.name, type_text(f), default_text(f), range_text(f), std::move(text)});
    if (f.section && !has_own_page(f))
      collect(*f.section, indented ? prefix + "  " : prefix + child_prefix(f) + ".", indented, rows);
  }
}

std::string field_text(const FieldTable& table) {
  std::vector<Row> rows = {{"field", "type", "default", "range", "meaning"}};
  collect(table, "", true, rows);
  std::size_t name = 0, type = 0, fallback = 0, range = 0;
  constexpr std::size_t kWidestType = 26;  // longer ones, choices mostly, go before the text
  for (Row& r : rows) {
    if (r.type.size() > kWidestType) {
      r.text = r.type + ": " + r.text;
      r.type = "choice";
    }
    name = std::max(name, r.name.size());
    type = std::max(type, r.type.size());
    fallback = std::max(fallback, r.fallback.size());
    range = std::max(range, r.range.size());
  }
  std::string out;
  for (const Row& r : rows) {
    const std::string front = fmt::format("  {:{}}  {:{}}  {:{}}  {:{}}  ", r.name, name, r.type, type,
                                          r.fallback, fallback, r.range, range);
    out += front + wrapped(r.text, front.size()) + "\n";
  }
  return out;
}

std::string short_form(const FieldTable& table) {
  if (table.shorthand.empty()) return "";
  return fmt::format(" Short form: a value in its place is {}.", table.shorthand);
}

std::string cell(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string field_markdown(const FieldTable& table) {
  std::vector<Row> rows;
  collect(table, "", false, rows);
  std::string out = "| Field | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n";
  for (const Row& r : rows) {
    const std::string fallback = r.fallback.empty()         ? ""
                                 : r.fallback == "required" ? "**required**"
                                                            : "`" + r.fallback + "`";
    out +=
        fmt::format("| `{}` | {} | {} | {} | {} |\n", r.name, cell(r.type), fallback, r.range, cell(r.text));
  }
  return out;
}

// Sections inside of what has a name, by their field: "autoscaling", "hpa". Each form of one is shown once,
// with the first place where it stands.
void collect_sections(const FieldTable& table, const std::string& place, const std::string& name,
                      std::vector<std::string>& shown, std::string& out) {
  for (const Field& f : table.fields) {
    if (f.section == nullptr || f.own_page) continue;
    const std::string here = place + "." + f.name;
    if (f.name == name || here == name) {
      const std::string fields = field_text(*f.section);
      if (std::find(shown.begin(), shown.end(), fields) != shown.end()) continue;
      shown.push_back(fields);
      if (!out.empty()) out += "\n";
      out += wrapped(fmt::format("{}: {}.{}", here, f.text, short_form(*f.section)), 0) + "\n\n" + fields;
    } else {
      collect_sections(*f.section, here, name, shown, out);
    }
  }
}

}  // namespace

std::string type_text(const Field& field) {
  if (field.type == FieldType::choice) return fmt::format("{}", fmt::join(field.choices, " | "));
  if (field.type == FieldType::map_of && field.section) return fmt::format("map of {}s", field.section->name);
  if (field.type == FieldType::list_of && field.section)
    return fmt::format("list of {}s", field.section->name);
  std::string text = models::type_name(field.type);
  for (const std::string& word : field.also) text.append(" or ").append(word);
  return text;
}

std::string range_text(const Field& field) {
  const auto show = [&](double v) -> std::string {
    switch (field.type) {
      case FieldType::duration:
      case FieldType::time_distribution:
        return models::format_duration(v);
      case FieldType::rate:
        return fmt::format("{}/s", v);
      case FieldType::bandwidth:
        return fmt::format("{}bit/s", v);
      case FieldType::fraction:
        return fmt::format("{}%", v * 100);
      case FieldType::size:
      case FieldType::size_distribution:
        return fmt::format("{}B", v);
      default:
        return fmt::format("{}", v);
    }
  };
  const models::Range& r = field.range;
  const bool low = std::isfinite(r.min), high = std::isfinite(r.max);
  if (low && high) return fmt::format("{} to {}", show(r.min), show(r.max));
  if (low) return fmt::format("{} {}", r.min_open ? "more than" : "at least", show(r.min));
  if (high) return fmt::format("at most {}", show(r.max));
  return "";
}

std::string describe_list() {
  std::string out;
  const std::vector<Topic> all = topics();
  const auto group = [&](const std::string& title, const std::string& key) {
    out += title + "\n";
    for (const Topic& t : all) {
      if (t.group == key) out += fmt::format("  {:15} {}\n", t.name, wrapped(t.about, 18));
    }
    out += "\n";
  };
  group("Sections of a scenario", "sections");
  group("Kinds of components", "kinds");
  group("Steps of an endpoint or a request", "steps");
  out += "Policies\n";
  for (const models::PolicyInfo& p : models::policies()) {
    out += fmt::format("  {:23} {}\n", p.name, wrapped(fmt::format("{} ({})", p.about, p.seam), 26));
  }
  out += "\nFaults\n";
  for (const models::FaultInfo& f : models::fault_types())
    out += fmt::format("  {:23} {}\n", f.name, wrapped(f.about, 26));
  out += "\nForms of values\n";
  for (const Form& f : reference_forms()) out += fmt::format("  {:15} {}\n", f.name, wrapped(f.about, 18));
  out +=
      "\n`tailrace describe NAME` shows the fields of one of them, or of a section inside: autoscaling, "
      "service.queue.\n";
  return out;
}

std::string describe_one(const std::string& name, std::string& hint) {
  std::string out;
  std::vector<std::string> names;
  for (const Topic& t : topics()) {
    names.push_back(t.name);
    if (t.name != name && (t.section.empty() || t.section != name)) continue;
    out += fmt::format("{}: {}\n", t.name, t.about);
    if (!t.section.empty()) out += fmt::format("\n  {}: {}\n", t.section, t.example);
    out += "\n" + field_text(t.fields);
  }
  for (const models::PolicyInfo& p : models::policies()) {
    names.push_back(p.name);
    if (p.name != name) continue;
    if (!out.empty()) out += "\n";
    out += fmt::format("{}: {}\n\n{}\n\n  {}: {}\n", p.name, p.about,
                       wrapped(fmt::format("A policy at the {} seam. Written on {}.{}", p.seam,
                                           p.written_on(), short_form(p.fields)),
                               0),
                       p.name, p.example);
    out += "\n" + field_text(p.fields);
  }
  for (const models::FaultInfo& f : models::fault_types()) {
    names.push_back(f.name);
    if (f.name != name) continue;
    if (!out.empty()) out += "\n";
    out += fmt::format("{}\n\n  - {}\n\n", wrapped(fmt::format("{}: {}", f.name, f.about), 0), f.example);
    out += field_text(models::fault_entry_fields(f));
  }
  for (const Form& f : reference_forms()) {
    names.push_back(f.name);
    if (f.name != name) continue;
    out += wrapped(fmt::format("{}: {}", f.name, f.about), 0) + "\n\n";
    for (const FormLine& line : f.lines)
      out += fmt::format("  {:46}  {}\n", line.example, wrapped(line.meaning, 50));
  }
  if (out.empty()) {
    std::vector<std::string> shown;
    for (const Topic& t : topics()) collect_sections(t.fields, t.name, name, shown, out);
    for (const models::PolicyInfo& p : models::policies())
      collect_sections(p.fields, p.name, name, shown, out);
  }
  if (out.empty()) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    hint = models::nearest_word(name, known);
  }
  return out;
}

std::string reference_markdown() {
  std::string out =
      "# Scenario reference\n\n"
      "Generated by `tailrace describe --markdown` from the field tables that the parser itself reads; a "
      "test compares.\n"
      "`<name>` stands for a name of yours, `[]` for the items of a list. A field of the type *policy* takes "
      "what its page under Policies says, or `none`.\n";
  const auto group = [&](const std::string& title, const std::string& key) {
    out += "\n## " + title + "\n";
    for (const Topic& t : topics()) {
      if (t.group != key) continue;
      out += fmt::format("\n### {}\n\n{}\n\n", t.name, t.about);
      if (!t.section.empty()) out += fmt::format("```yaml\n{}: {}\n```\n\n", t.section, t.example);
      out += field_markdown(t.fields);
    }
  };
  group("Sections", "sections");
  group("Kinds of components", "kinds");
  group("Steps", "steps");
  out +=
      "\n## Policies\n\nOf calls, doors and targets. What a call says goes before its service's `outbound`, "
      "and that before `defaults`; `none` takes an inherited policy away. They stand here in the order in "
      "which they are applied: of several that admit, the first is asked first (`order` changes that).\n";
  for (const models::PolicyInfo& p : models::policies()) {
    out += fmt::format("\n### {}\n\n{} Seam: {}. Written on: {}.{}\n\n```yaml\n{}: {}\n```\n\n", p.name,
                       p.about, p.seam, p.written_on(), short_form(p.fields), p.name, p.example);
    out += field_markdown(p.fields);
  }
  out +=
      "\n## Faults\n\nEntries of `faults`. When a fault comes and which of its targets it hits is written "
      "for all in the same way (see faults above); here are the fields of each type.\n";
  for (const models::FaultInfo& f : models::fault_types()) {
    out += fmt::format("\n### {}\n\n{}\n\n```yaml\n- {}\n```\n", f.name, f.about, f.example);
    if (!f.fields.fields.empty()) out += "\n" + field_markdown(f.fields);
  }
  out += "\n## Forms of values\n";
  for (const Form& f : reference_forms()) {
    out += fmt::format("\n### {}\n\n{}\n\n| Written | Meaning |\n|---|---|\n", f.name, f.about);
    for (const FormLine& line : f.lines)
      out += fmt::format("| `{}` | {} |\n", cell(line.example), cell(line.meaning));
  }
  return out;
}

}  // namespace tailrace::cli
