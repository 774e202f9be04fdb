#pragma once
// A component kind, as the catalog lists it: what it is called, its field table, and how its spec becomes
// part of the topology. Adding a kind is one folder with one of these and one line in models/catalog.cpp.
#include <memory>
#include <string>

#include "models/field/field.hpp"
#include "models/kind/builder.hpp"

namespace tailrace::models {

struct Kind {
  std::string name;     // "service"
  std::string section;  // its top-level key: "services"
  std::string about;    // one sentence
  bool named =
      true;  // the section maps names to components; otherwise the section is the one component itself
  FieldTable fields;
  std::string example;  // a minimal legal value of the section, for the reference and the contract test

  std::shared_ptr<void> (*make)() = nullptr;
  // Declares the operations that others may call.
  void (*declare)(const void* spec, int component, TopologyBuilder&) = nullptr;
  // Checks the spec's own relations and expands it; references are resolved here.
  void (*expand)(const void* spec, int component, TopologyBuilder&) = nullptr;
};

// A step of an endpoint: `- compute: exp(3ms)`. The step's own name is a field of its table.
struct StepKind {
  std::string name;
  std::string about;
  FieldTable fields;
  std::shared_ptr<void> (*make)() = nullptr;
  // Appends what the step means.
  void (*expand)(const void* spec, Mark mark, TopologyBuilder&, Steps& out) = nullptr;
};

}  // namespace tailrace::models
