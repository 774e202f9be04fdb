#include "models/steps/cache_steps.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/field/units.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kMostWeights = 100'000;

class CacheExpansion {
 public:
  CacheExpansion(const CacheStepSpec& spec, Mark mark, int cache, const CacheSpec& of, TopologyBuilder& b)
      : spec_(spec), mark_(mark), id_(cache), of_(of), b_(b) {}

  void run(Steps& out) {
    if (!check()) return;
    Cache& cache = b_.topology.caches[static_cast<std::size_t>(id_)];
    cache.used = true;
    find_key(cache);
    if (of_.shared) {
      shared(out);
    } else {
      local(out);
    }
  }

 private:
  bool error(const char* field, std::string message, std::string hint = {}) {
    b_.diagnostics.error(mark_, b_.path + (*field != 0 ? "." : "") + field, std::move(message),
                         std::move(hint));
    return false;
  }

  bool check() {
    const bool writes = spec_.write != CacheWrite::none;
    if (b_.cache_depth >= kMostCacheDepth)
      return error("", fmt::format("more than {} caches inside each other's on_miss", kMostCacheDepth));
    if (writes && !spec_.on_miss.empty())
      return error("on_miss", "a write does not miss", "store: [...] is what is written to");
    if (!writes && !spec_.store.empty()) return error("store", "only a write stores", "write: through");
    if (writes && spec_.store.empty() && of_.store.empty())
      return error("write", "nothing says how what is cached is written",
                   "store: [call: database.write], here or at the cache");
    if (spec_.write == CacheWrite::behind && of_.shared && !spec_.store.empty())
      return error("store", "a shared cache's nodes write behind, so the cache says how",
                   fmt::format("caches: {{{}: {{store: [call: database.write]}}}}", spec_.cache.text));
    if (!of_.shared && !spec_.policies.empty())
      return error(spec_.policies.front().info->name.c_str(), "a local cache is not called",
                   "policies are for shared caches; calls in on_miss have their own");
    if (!spec_.pop.empty() && find_pop() == kNone) {
      std::vector<std::string_view> known;
      for (const CachePop& pop : b_.topology.caches[static_cast<std::size_t>(id_)].pops)
        if (!pop.name.empty()) known.push_back(pop.name);
      const std::string near = nearest_word(spec_.pop, known);
      return error("pop",
                   fmt::format("\"{}\" has no point of presence \"{}\"", escaped(spec_.cache.text),
                               escaped(spec_.pop)),
                   near.empty() ? "shared: {pops: {eu: {}, us: {}}}" : fmt::format("did you mean {}?", near));
    }
    if (spec_.key.law || spec_.request_key || b_.cache_depth > 0 || of_.keys.law || of_.hit_ratio)
      return true;
    b_.cache_keys_missing.emplace_back(mark_, b_.path);
    return true;
  }

  int find_pop() const {
    const std::vector<CachePop>& pops = b_.topology.caches[static_cast<std::size_t>(id_)].pops;
    for (std::size_t i = 0; i < pops.size(); ++i) {
      if (pops[i].name == spec_.pop) return static_cast<int>(i);
    }
    return kNone;
  }

  void find_key(Cache& cache) {
    if (spec_.key.law) {
      key_from_ = CacheKey::drawn;
      law_ = spec_.key.law;
      if (!cache.keys && !cache.hit_ratio) cache.keys = law_;  // by which it is asked
    } else if (spec_.request_key) {
      key_from_ = CacheKey::request;
    } else if (b_.cache_depth > 0) {
      key_from_ = CacheKey::outer;
    } else if (of_.keys.law) {
      key_from_ = CacheKey::drawn;
      law_ = of_.keys.law;
    }
  }

  Step step(CacheUse use, Steps first, Steps then) const {
    Step s = cache_step(use, id_, key_from_, std::move(first), std::move(then));
    s.distribution = law_;
    s.remote = of_.shared.has_value();
    return s;
  }
  // Steps inside this one.
  Steps inner(const StepList& list) {
    Steps out;
    ++b_.cache_depth;
    expand_steps(list, b_, out);
    --b_.cache_depth;
    return out;
  }
  const StepList& store_steps() const { return spec_.store.empty() ? of_.store : spec_.store; }
  const StepList& load_steps() const { return spec_.on_miss.empty() ? of_.load : spec_.on_miss; }

  void local(Steps& out) {
    Steps lookup, write;
    add_work(of_.lookup_time, b_, lookup);
    add_work(of_.write_time, b_, write);
    switch (spec_.write) {
      case CacheWrite::none: {
        Steps miss = inner(load_steps());
        for (Step& s : write) miss.push_back(std::move(s));
        out.push_back(step(CacheUse::look, std::move(lookup), std::move(miss)));
        return;
      }
      case CacheWrite::through:
        out.push_back(step(CacheUse::write, inner(store_steps()), std::move(write)));
        return;
      case CacheWrite::invalidate:
        out.push_back(step(CacheUse::invalidate, inner(store_steps()), std::move(write)));
        return;
      case CacheWrite::behind:
        out.push_back(step(CacheUse::behind, std::move(write), inner(store_steps())));
        return;
      case CacheWrite::around:
        out.push_back(step(CacheUse::access, inner(store_steps()), {}));
        return;
    }
  }

  // A call of the node that has the key.
  void call(const char* operation, bool ignore_failure, Steps& out) {
    CallSpec call;
    call.call = {spec_.cache.text + "." + operation, spec_.cache.mark};
    call.policies = spec_.policies;
    call.ignore_failure = ignore_failure;
    const std::size_t edge = b_.topology.edges.size();
    expand_call_step(call, mark_, b_, out);
    if (b_.topology.edges.size() == edge) return;
    b_.topology.edges[edge].cache = id_;
    if (!spec_.pop.empty()) b_.topology.edges[edge].pop = find_pop();
    if (edge_paths_++ > 0) b_.topology.edges[edge].path += fmt::format(".{}", operation);
  }

  void shared(Steps& out) {
    Steps first, then;
    const bool here = !spec_.store.empty();
    switch (spec_.write) {
      case CacheWrite::none:
        if (spec_.on_miss.empty() && !of_.load.empty()) {
          call(kCacheLoad, false, first);
          break;
        }
        call(kCacheGet, true, first);
        then = inner(spec_.on_miss);
        call(kCacheSet, true, then);
        out.push_back(step(CacheUse::look, std::move(first), std::move(then)));
        return;
      case CacheWrite::through:
        if (!here) {
          call(kCacheWrite, false, first);
          break;
        }
        first = inner(spec_.store);
        call(kCacheSet, true, then);
        out.push_back(step(CacheUse::write, std::move(first), std::move(then)));
        return;
      case CacheWrite::invalidate:
        first = inner(store_steps());
        call(kCacheDelete, true, then);
        out.push_back(step(CacheUse::invalidate, std::move(first), std::move(then)));
        return;
      case CacheWrite::behind:
        call(kCacheWriteBehind, false, first);
        break;
      case CacheWrite::around:
        first = inner(store_steps());
        break;
    }
    out.push_back(step(CacheUse::access, std::move(first), {}));
  }

  const CacheStepSpec& spec_;
  Mark mark_;
  int id_;
  const CacheSpec& of_;
  TopologyBuilder& b_;
  CacheKey key_from_ = CacheKey::request;
  std::optional<sim::Distribution> law_;
  int edge_paths_ = 0;
};

void expand_cache(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const CacheStepSpec& spec = *static_cast<const CacheStepSpec*>(raw);
  const auto found = b.cache_specs.find(spec.cache.text);
  if (found != b.cache_specs.end())
    return CacheExpansion(spec, mark, found->second.first, *found->second.second, b).run(out);
  if (b.components_unread) return;
  std::vector<std::string_view> known;
  for (const auto& [name, entry] : b.cache_specs) known.push_back(name);
  const std::string near = nearest_word(spec.cache.text, known);
  b.diagnostics.error(
      spec.cache.mark, b.path, fmt::format("there is no cache \"{}\"", escaped(spec.cache.text)),
      near.empty() ? "caches: {products: {capacity: 1000}}" : fmt::format("did you mean {}?", near));
}

}  // namespace

void read_keys(const Node& node, KeySpec& spec, ReadContext& context) {
  if (!node.is_list()) {
    Field field;
    field.type = FieldType::count_distribution;
    CountDistribution law;
    if (read_value(field, node, law, context)) spec.law = law.value;
    return;
  }
  if (node.items.empty() || node.items.size() > kMostWeights)
    return context.error(node, fmt::format("expected 1 to {} weights of the keys 1, 2, ...", kMostWeights));
  std::vector<double> weights;
  std::vector<sim::Distribution> keys;
  double sum = 0;
  for (const Node& item : node.items) {
    const Quantity q = item.is_scalar() ? parse_number(item.text) : Quantity{};
    if (!q.value || !(*q.value >= 0) || *q.value > 1e12)
      return context.error(item, "expected a weight: a number from 0 to 1e12");
    weights.push_back(*q.value);
    keys.push_back(sim::Distribution::constant(static_cast<double>(weights.size())));
    sum += *q.value;
  }
  if (!(sum > 0)) return context.error(node, "the weights sum to 0");
  for (double& w : weights) w /= sum;
  spec.law = sim::Distribution::mixture(std::move(weights), std::move(keys));
}

Step cache_step(CacheUse use, int cache, CacheKey key, Steps first, Steps then) {
  Step s;
  s.kind = Step::Kind::cache;
  s.ref = cache;
  s.use = use;
  s.key_from = key;
  s.branches.push_back({1, std::move(first)});
  s.branches.push_back({1, std::move(then)});
  return s;
}

void add_work(const TimeDistribution& time, const TopologyBuilder& b, Steps& out) {
  if (is_zero(time.value)) return;
  out.push_back(drawing_step(b.station == kNone ? Step::Kind::sleep : Step::Kind::compute, time.value));
}

std::vector<StepKind> make_cache_step_kinds() {
  FieldTable table =
      Fields<CacheStepSpec>("cache", "Asks a cache, and fetches what it does not have; or writes through it.")
          .add("cache", &CacheStepSpec::cache, "its name")
          .required()
          .custom(
              "key", FieldType::count_distribution,
              [](const Node& n, CacheStepSpec& s, ReadContext& c) { read_keys(n, s.key, c); },
              "what is looked for: a law such as zipf(s=1, n=10000), or weights of the keys 1, 2, ...; "
              "default: "
              "the key of the cache step around it, else the cache's keys, else the request's own key")
          .also("request", &CacheStepSpec::request_key)
          .custom("on_miss", FieldType::steps, reads(&CacheStepSpec::on_miss),
                  "fetches it; then it is written to the cache. Default: the cache's load")
          .choice("write", &CacheStepSpec::write, {"none", "through", "behind", "around", "invalidate"},
                  "in place of a look-up: through stores and then writes the entry; behind writes it and "
                  "stores later; around only stores; invalidate stores and then deletes it")
          .custom("store", FieldType::steps, reads(&CacheStepSpec::store),
                  "what a write does to what is cached; default: the cache's store")
          .add("pop", &CacheStepSpec::pop, "the point of presence that is asked; default: by their shares")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<CacheStepSpec*>(spec)->policies; });
  std::vector<StepKind> kinds;
  kinds.push_back({"cache", "Asks a cache, and fetches what it does not have; or writes through it.",
                   std::move(table), make_spec<CacheStepSpec>, expand_cache});
  return kinds;
}

}  // namespace tailrace::models
