#pragma once
// Field tables: the one description of every scenario field (name, type, default, range, text). The parser,
// the reference, the JSON schema and the viewer's inspector all read these tables; none of them knows a field
// by name.
//
//   FieldTable queue_fields() {
//     return Fields<QueueSpec>("queue", "Where requests wait for a worker.")
//         .add("capacity", &QueueSpec::capacity, "places; a full queue rejects at once")
//         .table();
//   }
//
// The default that the reference shows is printed from a default-constructed spec, so text and code cannot
// part.
#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "models/field/values.hpp"

namespace tailrace::models {

// What a reader needs beside the node: where to report, where we are, where data files lie.
struct ReadContext {
  Diagnostics& diagnostics;
  const ScenarioDoc& doc;
  std::string path;
  // Set when a key or a name could not be understood, so that what it would have named is not known: whoever
  // looks for a name there must not say that it does not exist.
  bool names_lost = false;

  void error(const Node& at, std::string message, std::string hint = {}) {
    diagnostics.error(at.mark, path, std::move(message), std::move(hint));
  }
};

// How a kind, a step, a policy or a fault makes the spec that its fields are read into.
template <class Spec>
std::shared_ptr<void> make_spec() {
  return std::make_shared<Spec>();
}

// Extends the path for the lifetime of a scope.
class PathScope {
 public:
  PathScope(ReadContext& context, const std::string& part) : context_(context), length_(context.path.size()) {
    if (!part.empty() && part[0] != '[' && !context.path.empty()) context.path += '.';
    context.path += part;
  }
  ~PathScope() { context_.path.resize(length_); }
  PathScope(const PathScope&) = delete;
  PathScope& operator=(const PathScope&) = delete;

 private:
  ReadContext& context_;
  std::size_t length_;
};

struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;  // the minimum itself is refused
};
inline Range at_least(double min) {
  return {min, std::numeric_limits<double>::infinity(), false};
}
inline Range more_than(double min) {
  return {min, std::numeric_limits<double>::infinity(), true};
}
inline Range between(double min, double max) {
  return {min, max, false};
}

enum class FieldType : std::uint8_t {
  duration,
  rate,
  bandwidth,
  size,
  fraction,
  count,
  limit,
  number,
  boolean,
  text,
  choice,
  reference,
  data_file,
  time_distribution,
  size_distribution,
  count_distribution,
  section,
  map_of,
  list_of,
  steps
};
const char* type_name(FieldType type);

struct FieldTable;

struct Field {
  std::string name;
  std::string text;
  FieldType type = FieldType::text;
  bool required = false;
  std::string fallback;  // default as the user would write it; empty: none
  Range range;
  std::vector<std::string> choices;           // of a choice
  std::vector<std::string> also;              // words that are allowed in place of a value
  std::shared_ptr<const FieldTable> section;  // of section, map_of and list_of
  bool own_page = false;                      // the reference describes the section's fields at its own name
  std::function<void(const Field&, const Node&, void* spec, ReadContext&)> read;
};

struct FieldTable {
  std::string name;
  std::string about;
  std::vector<Field> fields;
  std::string shorthand;  // a scalar or list in place of the map is read as this field ("queue: 10" is
                          // {capacity: 10})
};

// Reads a map into a spec: every key by its field, unknown keys with the nearest name, missing required
// fields.
void read_section(const FieldTable& table, const Node& node, void* spec, ReadContext& context);

// Scalar readers; each reports its own error with what was expected. True when a value was stored.
bool read_value(const Field&, const Node&, sim::Duration&, ReadContext&);
bool read_value(const Field&, const Node&, Rate&, ReadContext&);
bool read_value(const Field&, const Node&, Bandwidth&, ReadContext&);
bool read_value(const Field&, const Node&, Bytes&, ReadContext&);
bool read_value(const Field&, const Node&, Fraction&, ReadContext&);
bool read_value(const Field&, const Node&, Count&, ReadContext&);
bool read_value(const Field&, const Node&, Limit&, ReadContext&);
bool read_value(const Field&, const Node&, double&, ReadContext&);
bool read_value(const Field&, const Node&, bool&, ReadContext&);
bool read_value(const Field&, const Node&, std::string&, ReadContext&);
bool read_value(const Field&, const Node&, Reference&, ReadContext&);
bool read_value(const Field&, const Node&, DataFile&, ReadContext&);
bool read_value(const Field&, const Node&, TimeDistribution&, ReadContext&);
bool read_value(const Field&, const Node&, SizeDistribution&, ReadContext&);
bool read_value(const Field&, const Node&, CountDistribution&, ReadContext&);
// The index of the choice, or -1 with an error.
int read_choice(const Field&, const Node&, ReadContext&);

std::string show_value(sim::Duration);
std::string show_value(Rate);
std::string show_value(Bandwidth);
std::string show_value(Fraction);
std::string show_value(Count);
std::string show_value(Limit);
std::string show_value(double);
std::string show_value(bool);
std::string show_value(const std::string&);
std::string show_value(const Reference&);
std::string show_value(const DataFile&);
std::string show_value(const TimeDistribution&);
std::string show_value(const SizeDistribution&);
std::string show_value(const CountDistribution&);

// A component's, operation's or workload's name: what can be shown, without dots, arrows and spaces at its
// ends. Reports what is wrong.
bool check_name(const std::string& name, Mark mark, ReadContext& context);

template <class T>
struct FieldTypeOf;
template <>
struct FieldTypeOf<sim::Duration> {
  static constexpr FieldType value = FieldType::duration;
};
template <>
struct FieldTypeOf<Rate> {
  static constexpr FieldType value = FieldType::rate;
};
template <>
struct FieldTypeOf<Bandwidth> {
  static constexpr FieldType value = FieldType::bandwidth;
};
template <>
struct FieldTypeOf<Bytes> {
  static constexpr FieldType value = FieldType::size;
};
template <>
struct FieldTypeOf<Fraction> {
  static constexpr FieldType value = FieldType::fraction;
};
template <>
struct FieldTypeOf<Count> {
  static constexpr FieldType value = FieldType::count;
};
template <>
struct FieldTypeOf<Limit> {
  static constexpr FieldType value = FieldType::limit;
};
template <>
struct FieldTypeOf<double> {
  static constexpr FieldType value = FieldType::number;
};
template <>
struct FieldTypeOf<bool> {
  static constexpr FieldType value = FieldType::boolean;
};
template <>
struct FieldTypeOf<std::string> {
  static constexpr FieldType value = FieldType::text;
};
template <>
struct FieldTypeOf<Reference> {
  static constexpr FieldType value = FieldType::reference;
};
template <>
struct FieldTypeOf<DataFile> {
  static constexpr FieldType value = FieldType::data_file;
};
template <>
struct FieldTypeOf<TimeDistribution> {
  static constexpr FieldType value = FieldType::time_distribution;
};
template <>
struct FieldTypeOf<SizeDistribution> {
  static constexpr FieldType value = FieldType::size_distribution;
};
template <>
struct FieldTypeOf<CountDistribution> {
  static constexpr FieldType value = FieldType::count_distribution;
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class Spec>
class Fields {
 public:
  Fields(std::string name, std::string about) {
    table_.name = std::move(name), table_.about = std::move(about);
  }

  // A scalar field; std::optional members have no default.
  template <class T>
  Fields& add(std::string name, T Spec::*member, std::string text, Range range = {}) {
    Field f = make(std::move(name), std::move(text), range);
    if constexpr (IsOptional<T>::value) {
      f.type = FieldTypeOf<typename T::value_type>::value;
      f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
        typename T::value_type value{};
        if (read_value(self, node, value, context)) static_cast<Spec*>(spec)->*member = std::move(value);
      };
    } else {
      f.type = FieldTypeOf<T>::value;
      f.fallback = show_value(Spec{}.*member);
      f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
        read_value(self, node, static_cast<Spec*>(spec)->*member, context);
      };
    }
    return push(std::move(f));
  }

  // One of a few words; the enum's values are the indices of the words.
  template <class E>
  Fields& choice(std::string name, E Spec::*member, std::vector<std::string> words, std::string text) {
    static_assert(std::is_enum_v<E>);
    Field f = make(std::move(name), std::move(text), {});
    f.type = FieldType::choice;
    f.fallback = words[static_cast<std::size_t>(Spec{}.*member)];
    f.choices = std::move(words);
    f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
      const int index = read_choice(self, node, context);
      if (index >= 0) static_cast<Spec*>(spec)->*member = static_cast<E>(index);
    };
    return push(std::move(f));
  }

  template <class E>  // without a default
  Fields& choice(std::string name, std::optional<E> Spec::*member, std::vector<std::string> words,
                 std::string text) {
    static_assert(std::is_enum_v<E>);
    Field f = make(std::move(name), std::move(text), {});
    f.type = FieldType::choice;
    f.choices = std::move(words);
    f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
      const int index = read_choice(self, node, context);
      if (index >= 0) static_cast<Spec*>(spec)->*member = static_cast<E>(index);
    };
    return push(std::move(f));
  }

  // A nested map with a table of its own; T or std::optional<T> (present when written).
  template <class T>
  Fields& section(std::string name, T Spec::*member, FieldTable table, std::string text) {
    Field f = make(std::move(name), std::move(text), {});
    f.type = FieldType::section;
    f.section = std::make_shared<const FieldTable>(std::move(table));
    f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
      T& target = static_cast<Spec*>(spec)->*member;
      if constexpr (IsOptional<T>::value) {
        target.emplace();
        read_section(*self.section, node, &*target, context);
      } else {
        read_section(*self.section, node, &target, context);
      }
    };
    return push(std::move(f));
  }

  // A map from names to sections, kept in the order of the names: a file's order changes nothing.
  template <class T>
  Fields& map_of(std::string name, std::vector<Named<T>> Spec::*member, FieldTable table, std::string text) {
    Field f = make(std::move(name), std::move(text), {});
    f.type = FieldType::map_of;
    f.section = std::make_shared<const FieldTable>(std::move(table));
    f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
      if (!node.is_map()) {
        context.names_lost = true;
        return context.error(node, "expected a mapping from names to " + self.section->name + "s");
      }
      for (const MapEntry& e : node.entries) {
        PathScope scope(context, e.key);
        if (!check_name(e.key, e.key_mark, context)) {
          context.names_lost = true;
          continue;
        }
        Named<T> item{e.key, e.key_mark, {}};
        read_section(*self.section, e.value, &item.value, context);
        (static_cast<Spec*>(spec)->*member).push_back(std::move(item));
      }
      std::vector<Named<T>>& all = static_cast<Spec*>(spec)->*member;
      std::stable_sort(all.begin(), all.end(),
                       [](const Named<T>& a, const Named<T>& b) { return a.name < b.name; });
    };
    return push(std::move(f));
  }

  // A list of sections.
  template <class T>
  Fields& list_of(std::string name, std::vector<T> Spec::*member, FieldTable table, std::string text) {
    Field f = make(std::move(name), std::move(text), {});
    f.type = FieldType::list_of;
    f.section = std::make_shared<const FieldTable>(std::move(table));
    f.read = [member](const Field& self, const Node& node, void* spec, ReadContext& context) {
      if (!node.is_list()) return context.error(node, "expected a list of " + self.section->name + "s");
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        PathScope scope(context, "[" + std::to_string(i) + "]");
        T item{};
        read_section(*self.section, node.items[i], &item, context);
        (static_cast<Spec*>(spec)->*member).push_back(std::move(item));
      }
    };
    return push(std::move(f));
  }

  // A field with a reader of its own (steps, maps with free keys).
  template <class Read>
  Fields& custom(std::string name, FieldType type, Read read, std::string text) {
    Field f = make(std::move(name), std::move(text), {});
    f.type = type;
    f.read = [read](const Field&, const Node& node, void* spec, ReadContext& context) {
      read(node, *static_cast<Spec*>(spec), context);
    };
    return push(std::move(f));
  }

  // The field added last may also be this word, which leaves the member as it is and sets the flag.
  Fields& also(std::string word, bool Spec::*flag) {
    Field& f = table_.fields.back();
    f.also.push_back(word);
    f.read = [word = std::move(word), flag, read = std::move(f.read)](const Field& self, const Node& node,
                                                                      void* spec, ReadContext& context) {
      if (!node.is_scalar() || node.text != word) return read(self, node, spec, context);
      static_cast<Spec*>(spec)->*flag = true;
    };
    return *this;
  }
  Fields& required() {  // of the field added last
    table_.fields.back().required = true;
    table_.fields.back().fallback.clear();
    return *this;
  }
  Fields& shorthand(std::string field) {
    table_.shorthand = std::move(field);
    return *this;
  }
  FieldTable table() { return std::move(table_); }

 private:
  static Field make(std::string name, std::string text, Range range) {
    Field f;
    f.name = std::move(name);
    f.text = std::move(text);
    f.range = range;
    return f;
  }
  Fields& push(Field f) {
    table_.fields.push_back(std::move(f));
    return *this;
  }
  FieldTable table_;
};

}  // namespace tailrace::models
