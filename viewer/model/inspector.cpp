#include "viewer/model/inspector.hpp"

#include <fmt/format.h>

#include <string_view>

#include "models/catalog.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/write.hpp"
#include "viewer/model/document_edits.hpp"

namespace tailrace::viewer {

namespace {

using models::Field;
using models::FieldTable;
using models::FieldType;
using models::Node;

constexpr int kDeepest = 8;  // sections inside sections
constexpr std::size_t kMostRows = 4000;
constexpr std::size_t kMostItems = 100;  // of a map or list

const char* example_of(FieldType type) {
  switch (type) {
    case FieldType::duration:
      return "50ms";
    case FieldType::rate:
      return "300/s";
    case FieldType::bandwidth:
      return "1Gbit/s";
    case FieldType::size:
    case FieldType::size_distribution:
      return "4kB";
    case FieldType::fraction:
      return "20%";
    case FieldType::count:
    case FieldType::count_distribution:
      return "4";
    case FieldType::limit:
      return "100, or unlimited";
    case FieldType::number:
      return "1.5";
    case FieldType::boolean:
      return "true";
    case FieldType::time_distribution:
      return "exp(5ms)";
    case FieldType::reference:
      return "service.endpoint";
    default:
      return "";
  }
}

bool is_scalar(FieldType type) {
  return type != FieldType::section && type != FieldType::map_of && type != FieldType::list_of &&
         type != FieldType::steps;
}

class Reader {
 public:
  std::vector<FieldRow> rows;

  void table(const FieldTable& fields, const Node* node, const std::string& path, int depth) {
    if (depth > kDeepest) return;
    // "queue: 10" stands for the field that the table names.
    const bool shorthand = node != nullptr && !node->is_map() && !node->is_null();
    for (const Field& f : fields.fields) {
      if (rows.size() >= kMostRows) return;
      const Node* given = node != nullptr && node->is_map() ? node->find(f.name) : nullptr;
      std::string own = models::child_path(path, f.name);
      if (shorthand && f.name == fields.shorthand) {
        given = node;
        own = path;
      }
      field(f, given, own, depth);
    }
  }

  // Called as it is found in its component: "place[2].parallel[0]".
  void call_site(const models::StepKind& kind, const Node& step, const std::string& path) {
    constexpr std::string_view kEndpoints = ".endpoints.";
    const std::size_t at = path.find(kEndpoints);
    item(at == std::string::npos ? path : path.substr(at + kEndpoints.size()), path, kind.fields, step, -1);
  }

 private:
  void field(const Field& f, const Node* given, const std::string& path, int depth) {
    FieldRow row;
    row.depth = depth;
    row.path = path;
    row.name = f.name;
    row.help = f.text;
    row.type = models::type_name(f.type);
    row.unit = example_of(f.type);
    row.fallback = f.fallback;
    row.required = f.required;
    row.written = given != nullptr;
    row.choices = f.choices;
    row.choices.insert(row.choices.end(), f.also.begin(), f.also.end());
    row.section = !is_scalar(f.type) && f.type != FieldType::steps;
    row.editable = is_scalar(f.type) && (given == nullptr || given->is_scalar());
    if (given != nullptr) row.value = given->is_scalar() ? given->text : scenarios::write_value(*given);
    rows.push_back(row);
    if (f.section == nullptr) return;
    if (given == nullptr) {
      if (f.type == FieldType::section) offer(*f.section, path, depth);
      return;
    }
    if (f.type == FieldType::section) table(*f.section, given, path, depth + 1);
    if (f.type == FieldType::map_of && given->is_map()) {
      std::size_t n = 0;
      for (const models::MapEntry& e : given->entries) {
        if (++n > kMostItems) return;
        item(e.key, models::child_path(path, e.key), *f.section, e.value, depth);
      }
    }
    if (f.type == FieldType::list_of && given->is_list()) {
      for (std::size_t i = 0; i < given->items.size() && i < kMostItems; ++i)
        item(fmt::format("[{}]", i), models::item_path(path, i), *f.section, given->items[i], depth);
    }
  }

  // What a section that is not written would have: one level, so that it can be begun by setting a field; of
  // sets of policies what each would have.
  void offer(const FieldTable& fields, const std::string& path, int depth) {
    if (depth > kDeepest) return;
    for (const Field& f : fields.fields) {
      if (!is_scalar(f.type) && !f.own_page) continue;
      field(f, nullptr, models::child_path(path, f.name), depth + 1);
    }
  }

  void item(const std::string& name, const std::string& path, const FieldTable& fields, const Node& node,
            int depth) {
    FieldRow row;
    row.depth = depth + 1;
    row.path = path;
    row.name = name;
    row.help = fields.about;
    row.type = fields.name;
    row.written = true;
    row.section = true;
    row.value = node.is_scalar() ? node.text : std::string();
    rows.push_back(std::move(row));
    table(fields, &node, path, depth + 2);
  }
};

}  // namespace

std::vector<FieldRow> inspect(const Scene& scene, const models::ScenarioDoc& doc, int node) {
  if (node < 0 || static_cast<std::size_t>(node) >= scene.nodes.size()) return {};
  const SceneNode& n = scene.nodes[static_cast<std::size_t>(node)];
  const models::Kind* kind = models::find_kind(n.kind);
  if (kind == nullptr) return {};
  Reader reader;
  reader.table(kind->fields, find_path(doc.root, n.path), n.path, 0);
  return reader.rows;
}

std::vector<FieldRow> inspect_edge(const Scene& scene, const models::ScenarioDoc& doc, int edge) {
  if (edge < 0 || static_cast<std::size_t>(edge) >= scene.edges.size()) return {};
  const SceneEdge& e = scene.edges[static_cast<std::size_t>(edge)];
  Reader reader;
  for (const int site : e.edges) {
    const std::string& path = scene.model->topology->edges[static_cast<std::size_t>(site)].path;
    const Node* step = find_path(doc.root, path);
    if (step == nullptr || !step->is_map()) continue;
    for (const models::StepKind& kind : models::step_kinds()) {
      if (step->find(kind.name) == nullptr) continue;
      reader.call_site(kind, *step, path);
      break;
    }
  }
  // A workload's calls are written as its own fields.
  return reader.rows.empty() ? inspect(scene, doc, e.from) : reader.rows;
}

std::vector<FieldRow> inspect_run(const models::ScenarioDoc& doc) {
  Reader reader;
  reader.table(models::run_fields(), doc.root.find("run"), "run", 0);
  return reader.rows;
}

std::vector<FieldRow> inspect_fault(const Scene& scene, const models::ScenarioDoc& doc, int scene_fault) {
  if (scene_fault < 0 || static_cast<std::size_t>(scene_fault) >= scene.faults.size()) return {};
  const SceneFault& fault = scene.faults[static_cast<std::size_t>(scene_fault)];
  for (const models::FaultInfo& info : models::fault_types()) {
    if (info.name != fault.type) continue;
    Reader reader;
    reader.table(models::fault_entry_fields(info), find_path(doc.root, fault.path), fault.path, 0);
    return reader.rows;
  }
  return {};
}

}  // namespace tailrace::viewer
