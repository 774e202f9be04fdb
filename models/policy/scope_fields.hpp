#pragma once
// The two fields that every admission policy has: who shares one state. The spec of such a policy has members
// `Scope scope = Scope::service;` and `bool shared = false;`, which its apply() hands to
// PolicyTarget::admission().
#include "models/field/field.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

template <class Spec>
Fields<Spec>& add_scope_fields(Fields<Spec>& fields) {
  return fields
      .choice("scope", &Spec::scope, {"service", "instance", "call"},
              "what has a state of its own: each service that is called, each instance of it, or each call "
              "that names this policy")
      .add("shared", &Spec::shared, "one state for all instances of the holder; otherwise each has its own");
}

}  // namespace tailrace::models
