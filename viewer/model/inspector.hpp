#pragma once
// The fields of a component (or of the run, or of a fault) as the catalog's field tables describe them, with
// what the scenario says: nothing here knows a field by name. Rows are in the order of the tables; sections
// are rows with depth, and what they hold follows.
#include <string>
#include <vector>

#include "models/field/document.hpp"
#include "models/field/field.hpp"
#include "viewer/model/scene.hpp"

namespace tailrace::viewer {

struct FieldRow {
  int depth = 0;
  std::string path;  // for Session::set_field: "services.cart.queue.capacity"
  std::string name;  // "capacity"
  std::string help;
  std::string type;      // "duration", "count": what is expected
  std::string unit;      // an example of it: "5ms", "10/s", "20%"
  std::string value;     // as written, in one line; empty where it is not
  std::string fallback;  // what holds when it is not written; empty: nothing
  bool written = false;
  bool required = false;
  bool editable = false;             // a scalar; sections and lists are not
  bool section = false;              // rows of greater depth follow
  std::vector<std::string> choices;  // of a choice, and words that may stand in place of a value
};

// Fields of a node's component.
std::vector<FieldRow> inspect(const Scene& scene, const models::ScenarioDoc& doc, int node);
// Of the calls between two: each call site with the fields of its step, its policies among them.
std::vector<FieldRow> inspect_edge(const Scene& scene, const models::ScenarioDoc& doc, int edge);
// run: duration, seed, ...
std::vector<FieldRow> inspect_run(const models::ScenarioDoc& doc);
// An entry of faults.
std::vector<FieldRow> inspect_fault(const Scene& scene, const models::ScenarioDoc& doc, int scene_fault);

}  // namespace tailrace::viewer
