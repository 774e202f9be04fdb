#pragma once
// A spec inside a spec whose fields stand side by side with the outer one's: kinds that share a part describe
// its fields once.
#include <utility>

#include "models/field/field.hpp"

namespace tailrace::models {

// Adds `inner` to `outer`; part_of(void* spec) leads from the outer spec to the part that `inner` is about.
template <class PartOf>
void append_fields(FieldTable& outer, FieldTable inner, PartOf part_of) {
  for (Field& field : inner.fields) {
    field.read = [read = std::move(field.read), part_of](const Field& self, const Node& node, void* spec,
                                                         ReadContext& context) {
      read(self, node, part_of(spec), context);
    };
    outer.fields.push_back(std::move(field));
  }
}

}  // namespace tailrace::models
