#include "models/policy/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/catalog.hpp"

namespace tailrace::models {

void PolicyTarget::admission(std::string policy, std::shared_ptr<const AdmissionModel> model, Scope scope,
                             bool shared) {
  std::vector<AdmissionUse>& uses = edge != nullptr ? edge->admissions : station->doors;
  // Which instance it will be is known for an attempt only.
  bool per_attempt = true;
  for (const PolicyInfo& info : policies()) {
    if (info.name == policy) per_attempt = !info.outside_retries || scope == Scope::instance;
  }
  uses.push_back({std::move(policy), std::move(model), scope, shared, per_attempt, origin});
}

bool PolicyInfo::fits(PolicyPlace place) const {
  return std::find(places.begin(), places.end(), place) != places.end();
}

std::string PolicyInfo::written_on() const {
  std::string text;
  for (const PolicyPlace place : places) {
    if (!text.empty()) text += "; ";
    switch (place) {
      case PolicyPlace::call:
        text += "a call, a service's outbound, defaults.outbound";
        break;
      case PolicyPlace::inbound:
        text += "a service's or database's inbound, defaults.inbound";
        break;
      case PolicyPlace::target:
        text += "a service or database, defaults";
        break;
    }
  }
  return text;
}

void add_policy_fields(FieldTable& table, PolicyPlace place, PolicySet& (*set_of)(void* spec)) {
  for (const PolicyInfo& info : policies()) {
    if (!info.fits(place)) continue;
    Field field;
    field.name = info.name;
    field.text = info.about;
    field.own_page = true;
    field.type = FieldType::section;
    field.section = std::make_shared<const FieldTable>(info.fields);
    field.read = [&info, set_of](const Field& self, const Node& node, void* spec, ReadContext& context) {
      WrittenPolicy written{&info, nullptr, node.mark, context.path};
      if (!(node.is_scalar() && node.text == "none")) {
        std::shared_ptr<void> value = info.make();
        read_section(*self.section, node, value.get(), context);
        written.spec = std::move(value);
      }
      set_of(spec).push_back(std::move(written));
    };
    table.fields.push_back(std::move(field));
  }
}

FieldTable policy_set_fields(PolicyPlace place, std::string name, std::string about) {
  FieldTable table;
  table.name = std::move(name);
  table.about = std::move(about);
  add_policy_fields(table, place, [](void* spec) -> PolicySet& { return *static_cast<PolicySet*>(spec); });
  return table;
}

PolicySet merge_policies(const PolicySet& inner, const PolicySet& outer) {
  PolicySet merged = inner;
  for (const WrittenPolicy& inherited : outer) {
    const bool said = std::any_of(inner.begin(), inner.end(),
                                  [&](const WrittenPolicy& own) { return own.info == inherited.info; });
    if (!said) merged.push_back(inherited);
  }
  return merged;
}

void apply_policies(const PolicySet& set, PolicyTarget target) {
  for (const PolicyInfo& info : policies()) {
    for (const WrittenPolicy& written : set) {
      if (written.info != &info || written.spec == nullptr) continue;
      target.mark = written.mark;
      target.path = written.path;
      target.origin = written.spec.get();
      info.apply(written.spec.get(), target);
    }
  }
}

}  // namespace tailrace::models
