#include "models/field/field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/distribution_text.hpp"
#include "models/field/units.hpp"

namespace tailrace::models {

const char* type_name(FieldType type) {
  switch (type) {
    case FieldType::duration:
      return "duration";
    case FieldType::rate:
      return "rate";
    case FieldType::bandwidth:
      return "bandwidth";
    case FieldType::size:
      return "size";
    case FieldType::fraction:
      return "fraction";
    case FieldType::count:
      return "count";
    case FieldType::limit:
      return "count or unlimited";
    case FieldType::number:
      return "number";
    case FieldType::boolean:
      return "true or false";
    case FieldType::text:
      return "text";
    case FieldType::choice:
      return "choice";
    case FieldType::reference:
      return "component.operation";
    case FieldType::data_file:
      return "file";
    case FieldType::time_distribution:
      return "duration or distribution";
    case FieldType::size_distribution:
      return "size or distribution";
    case FieldType::count_distribution:
      return "number or distribution";
    case FieldType::section:
      return "section";
    case FieldType::map_of:
      return "map";
    case FieldType::list_of:
      return "list";
    case FieldType::steps:
      return "steps";
  }
  return "";
}

namespace {

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::map:
      return "a mapping";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::scalar:
      return "\"" + escaped(node.text.substr(0, 60)) + "\"";
  }
  return {};
}

std::string or_words(const Field& field) {
  return field.also.empty() ? "" : fmt::format("or {}", fmt::join(field.also, " or "));
}
std::string joined(std::string_view first, std::string_view between, std::string_view second) {
  return fmt::format("{}{}{}", first, first.empty() || second.empty() ? "" : between, second);
}

bool scalar(const Field& field, const Node& node, ReadContext& context, std::string_view expected) {
  if (node.is_scalar()) return true;
  std::string hint;
  if (!field.fallback.empty()) hint = fmt::format("for example `{}: {}`", field.name, field.fallback);
  context.error(node,
                fmt::format("expected {}, found {}", joined(expected, " ", or_words(field)), describe(node)),
                hint);
  return false;
}

template <class Show>
bool in_range(const Field& field, const Node& node, double value, ReadContext& context, Show show) {
  const Range& r = field.range;
  const bool low = r.min_open ? value <= r.min : value < r.min;
  if (!low && value <= r.max) return true;
  std::string allowed;
  if (r.max < std::numeric_limits<double>::infinity()) {
    allowed = fmt::format("{} to {}", show(r.min), show(r.max));
  } else {
    allowed = fmt::format("{} {}", r.min_open ? "more than" : "at least", show(r.min));
  }
  context.error(node, fmt::format("{} is out of range: allowed is {}", escaped(node.text), allowed));
  return false;
}

template <class Parse, class Store, class Show>
bool read_quantity(const Field& field, const Node& node, ReadContext& context, std::string_view expected,
                   Parse parse, Show show, Store store) {
  if (!scalar(field, node, context, expected)) return false;
  const Quantity q = parse(node.text);
  if (!q.value) {
    context.error(node, q.error, joined(q.hint, "; ", or_words(field)));
    return false;
  }
  if (!in_range(field, node, *q.value, context, show)) return false;
  store(*q.value);
  return true;
}

std::string plain(double value) {
  return fmt::format("{}", value);
}

bool read_distribution(const Field& field, const Node& node, sim::Distribution& out, ReadContext& context,
                       std::string_view quantity, ParseUnit unit) {
  if (!scalar(field, node, context, fmt::format("{} or a distribution", quantity))) return false;
  DistributionContext how;
  how.unit = unit;
  how.quantity = quantity;
  if (node.mark.file < context.doc.files.size()) how.directory = context.doc.files[node.mark.file].directory;
  ParsedDistribution parsed = parse_distribution(node.text, how);
  if (!parsed.value) {
    Mark at = node.mark;
    if (at.line != 0) {
      at.column += static_cast<std::uint32_t>(parsed.offset + (node.quoted ? 1 : 0));
      // A text that goes on over several lines is pointed at on its first.
      if (at.file < context.doc.files.size() && at.line <= context.doc.files[at.file].lines.size()) {
        const std::size_t length = context.doc.files[at.file].lines[at.line - 1].size();
        at.column = std::min(at.column, static_cast<std::uint32_t>(length + 1));
      }
    }
    context.diagnostics.error(at, context.path, parsed.error, parsed.hint);
    return false;
  }
  if (field.range.min_open && field.range.min == 0 && !(parsed.value->mean() > 0)) {
    context.error(node, fmt::format("{} must be more than 0", field.name));
    return false;
  }
  out = *parsed.value;
  return true;
}

bool names_things(const Field& field) {
  return field.type == FieldType::map_of;
}

}  // namespace

void read_section(const FieldTable& table, const Node& node, void* spec, ReadContext& context) {
  if (!node.is_map()) {
    if (!table.shorthand.empty() && !node.is_null()) {
      for (const Field& f : table.fields) {
        if (f.name == table.shorthand) return f.read(f, node, spec, context);
      }
    }
    const bool nothing_required =
        std::none_of(table.fields.begin(), table.fields.end(), [](const Field& f) { return f.required; });
    if (node.is_null() && nothing_required) return;  // `cart:` is a cart with all defaults
    if (std::any_of(table.fields.begin(), table.fields.end(), names_things)) context.names_lost = true;
    // A field where a name belongs: the map of names was left out.
    const std::string last = context.path.substr(context.path.rfind('.') + 1);
    const bool unnamed =
        std::any_of(table.fields.begin(), table.fields.end(), [&](const Field& f) { return f.name == last; });
    context.error(node,
                  fmt::format("expected a mapping with the fields of {}, found {}", with_article(table.name),
                              describe(node)),
                  unnamed ? fmt::format("each {} has a name: some_name: {{{}: ...}}", table.name, last) : "");
    return;
  }
  for (const MapEntry& entry : node.entries) {
    PathScope scope(context, entry.key);
    const auto field = std::find_if(table.fields.begin(), table.fields.end(),
                                    [&](const Field& f) { return f.name == entry.key; });
    if (field == table.fields.end()) {
      std::vector<std::string_view> known;
      for (const Field& f : table.fields) known.push_back(f.name);
      const std::string near = nearest_word(entry.key, known);
      // It may have been meant as a map of names: the one that it resembles, or one that is missing.
      for (const Field& f : table.fields) {
        if (names_things(f) && (near == f.name || (near.empty() && node.find(f.name) == nullptr)))
          context.names_lost = true;
      }
      std::string hint = near.empty()
                             ? fmt::format("{} has: {}", with_article(table.name), fmt::join(known, ", "))
                             : fmt::format("did you mean {}?", near);
      context.diagnostics.error(entry.key_mark, context.path,
                                fmt::format("unknown key \"{}\"", escaped(entry.key)), std::move(hint));
      continue;
    }
    field->read(*field, entry.value, spec, context);
  }
  for (const Field& f : table.fields) {
    if (f.required && node.find(f.name) == nullptr) {
      context.error(node,
                    fmt::format("{} needs \"{}\" ({})", with_article(table.name), f.name, type_name(f.type)),
                    f.text);
    }
  }
}

bool read_value(const Field& f, const Node& n, sim::Duration& out, ReadContext& c) {
  const auto whole_ns = [](std::string_view text) {  // the range holds for what is kept: 0.4ns is 0
    Quantity q = parse_duration_ns(text);
    if (q.value) q.value = static_cast<double>(sim::Duration::from_ns(*q.value).ns);
    return q;
  };
  return read_quantity(f, n, c, "a duration", whole_ns, format_duration,
                       [&](double v) { out = sim::Duration::from_ns(v); });
}
bool read_value(const Field& f, const Node& n, Rate& out, ReadContext& c) {
  return read_quantity(
      f, n, c, "a rate", parse_rate_per_s, [](double v) { return fmt::format("{}/s", v); },
      [&](double v) { out.per_s = v; });
}
bool read_value(const Field& f, const Node& n, Bandwidth& out, ReadContext& c) {
  return read_quantity(
      f, n, c, "a bandwidth", parse_bandwidth_bit_per_s, [](double v) { return fmt::format("{}bit/s", v); },
      [&](double v) { out.bit_per_s = v; });
}
bool read_value(const Field& f, const Node& n, Bytes& out, ReadContext& c) {
  const auto whole = [](std::string_view text) {  // the range holds for what is kept: 0.4B is 0
    constexpr double kMost = 1e18;                // no memory is as large: as good as no limit
    Quantity q = parse_size_bytes(text);
    if (q.value) q.value = std::floor(std::min(*q.value, kMost));
    return q;
  };
  return read_quantity(
      f, n, c, "a size", whole, [](double v) { return fmt::format("{}B", v); },
      [&](double v) { out.value = static_cast<std::int64_t>(v); });
}
bool read_value(const Field& f, const Node& n, Fraction& out, ReadContext& c) {
  return read_quantity(
      f, n, c, "a fraction", parse_fraction, [](double v) { return fmt::format("{}%", v * 100); },
      [&](double v) { out.value = v; });
}
bool read_value(const Field& f, const Node& n, Count& out, ReadContext& c) {
  return read_quantity(f, n, c, "a whole number", parse_count, plain,
                       [&](double v) { out = static_cast<Count>(v); });
}
bool read_value(const Field& f, const Node& n, Limit& out, ReadContext& c) {
  if (n.is_scalar() && n.text == "unlimited") {
    out.value = Limit::kUnlimited;
    return true;
  }
  const auto count = [](std::string_view text) {
    Quantity q = parse_count(text);
    if (!q.value && q.hint.empty()) q.hint = "a whole number, or unlimited";
    return q;
  };
  return read_quantity(f, n, c, "a whole number or unlimited", count, plain,
                       [&](double v) { out.value = static_cast<std::int64_t>(v); });
}
bool read_value(const Field& f, const Node& n, double& out, ReadContext& c) {
  return read_quantity(f, n, c, "a number", parse_number, plain, [&](double v) { out = v; });
}
bool read_value(const Field& f, const Node& n, bool& out, ReadContext& c) {
  if (!scalar(f, n, c, "true or false")) return false;
  const std::optional<bool> value = n.quoted ? std::nullopt : parse_bool(n.text);
  if (value) {
    out = *value;
    return true;
  }
  c.error(n, fmt::format("expected true or false, found {}", describe(n)), bool_hint(n.text));
  return false;
}
bool read_value(const Field& f, const Node& n, std::string& out, ReadContext& c) {
  if (!scalar(f, n, c, "text")) return false;
  out = n.text;
  return true;
}
bool read_value(const Field& f, const Node& n, Reference& out, ReadContext& c) {
  if (n.is_map()) {
    std::string name = "orders.place";
    for (const MapEntry& e : n.entries) {
      if (e.value.is_scalar() && (e.key == "to" || n.entries.size() == 1)) name = escaped(e.value.text);
    }
    c.error(n, "expected a target such as orders.place, found a mapping",
            fmt::format("{}: {}; what else there is to say stands beside it", f.name, name));
    return false;
  }
  if (!scalar(f, n, c, "a target such as orders.place")) return false;
  out = {n.text, n.mark};
  return true;
}
bool read_value(const Field& f, const Node& n, DataFile& out, ReadContext& c) {
  if (!scalar(f, n, c, "a file name")) return false;
  out.path = n.text;
  out.mark = n.mark;
  if (n.mark.file < c.doc.files.size()) out.directory = c.doc.files[n.mark.file].directory;
  return true;
}
bool read_value(const Field& f, const Node& n, TimeDistribution& out, ReadContext& c) {
  return read_distribution(f, n, out.value, c, "a duration", parse_duration_ns);
}
bool read_value(const Field& f, const Node& n, SizeDistribution& out, ReadContext& c) {
  return read_distribution(f, n, out.value, c, "a size", parse_size_bytes);
}
bool read_value(const Field& f, const Node& n, CountDistribution& out, ReadContext& c) {
  return read_distribution(f, n, out.value, c, "a number", parse_number);
}

int read_choice(const Field& f, const Node& n, ReadContext& c) {
  if (!scalar(f, n, c, fmt::format("one of {}", fmt::join(f.choices, ", ")))) return -1;
  for (std::size_t i = 0; i < f.choices.size(); ++i) {
    if (f.choices[i] == n.text) return static_cast<int>(i);
  }
  const std::vector<std::string_view> known(f.choices.begin(), f.choices.end());
  const std::string near = nearest_word(n.text, known);
  c.error(n, fmt::format("expected one of {}, found {}", fmt::join(f.choices, ", "), describe(n)),
          near.empty() ? "" : fmt::format("did you mean {}?", near));
  return -1;
}

std::string show_value(sim::Duration d) {
  return format_duration(static_cast<double>(d.ns));
}
std::string show_value(Rate r) {
  return fmt::format("{}/s", r.per_s);
}
std::string show_value(Bandwidth b) {
  return b.bit_per_s == 0 ? "" : fmt::format("{}bit/s", b.bit_per_s);
}
std::string show_value(Fraction f) {
  return fmt::format("{}%", f.value * 100);
}
std::string show_value(Count c) {
  return fmt::format("{}", c);
}
std::string show_value(Limit l) {
  return l.unlimited() ? "unlimited" : fmt::format("{}", l.value);
}
std::string show_value(double d) {
  return fmt::format("{}", d);
}
std::string show_value(bool b) {
  return b ? "true" : "false";
}
std::string show_value(const std::string& s) {
  return s;
}
std::string show_value(const Reference& r) {
  return r.text;
}
std::string show_value(const DataFile& f) {
  return f.path;
}
std::string show_value(const TimeDistribution& d) {
  return d.value.is_constant() ? format_duration(d.value.mean()) : d.value.to_string();
}
std::string show_value(const SizeDistribution& d) {
  return d.value.is_constant() ? fmt::format("{}B", d.value.mean()) : d.value.to_string();
}
std::string show_value(const CountDistribution& d) {
  return d.value.is_constant() ? fmt::format("{}", d.value.mean()) : d.value.to_string();
}

bool check_name(const std::string& name, Mark mark, ReadContext& context) {
  if (name.empty()) {
    context.diagnostics.error(mark, context.path, "a name is empty");
    return false;
  }
  if (name.size() > 200) {
    context.diagnostics.error(mark, context.path, "a name is longer than 200 characters");
    return false;
  }
  if (escaped(name) != name) {
    context.diagnostics.error(
        mark, context.path,
        fmt::format("the name \"{}\" has a character that cannot be shown", escaped(name)));
    return false;
  }
  const auto refused = [&](const char* what, const char* hint) {
    context.diagnostics.error(mark, context.path, fmt::format("the name \"{}\" {}", name, what), hint);
    return false;
  };
  if (name.front() == ' ' || name.back() == ' ') return refused("begins or ends with a space", "");
  if (name.find("->") != std::string::npos)
    return refused("has an arrow", "arrows join the two ends of a link; use - or _");
  if (name.find('.') != std::string::npos)
    return refused("has a dot", "dots join a component and its operation; use - or _");
  return true;
}

}  // namespace tailrace::models
