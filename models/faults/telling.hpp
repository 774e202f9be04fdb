#pragma once
// Faults that have no fields of their own and change no request: they tell a part of the model that they
// began and ended, which knows them by their name (FaultEffect::hook).
#include "models/fault/fault.hpp"

namespace tailrace::models {

struct NoFields {};

inline FaultInfo telling_fault(const char* name, const char* about, const char* example, unsigned takes) {
  FaultInfo f;
  f.name = name;
  f.about = about;
  f.example = example;
  f.takes = takes;
  f.ramps = false;
  f.fields = Fields<NoFields>(name, about).table();
  f.make = make_spec<NoFields>;
  return f;
}

inline void tell(FaultParts& parts, const char* name) {
  FaultEffect e;
  e.action = FaultAction::notify;
  e.hook = name;
  parts.effects.push_back(e);
}

}  // namespace tailrace::models
