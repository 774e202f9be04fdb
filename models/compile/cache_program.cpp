// The cache step: what it looks for, and what follows a hit, a miss or a write.
#include "models/compile/caches.hpp"
#include "models/compile/program.hpp"

namespace tailrace::models {

void ProgramCompiler::cache(const Step& s, const Place& here, bool& held) {
  const auto id = static_cast<std::uint32_t>(m_.cache_sites.size());
  {
    CacheSiteTable site;
    site.cache = static_cast<std::uint32_t>(s.ref);
    site.depth = here.cache_depth;
    site.key_from = static_cast<std::uint8_t>(s.key_from);
    site.remote = s.remote;
    if (s.key_from == CacheKey::drawn)
      site.key = draw(*s.distribution, stream(here.component, here.purpose + "/key"));
    if (!s.remote) site.first_store = cache_stores(m_, site.cache, here.station);
    if (here.station != kNoId) site.first_instance = m_.stations[here.station].first_instance;
    m_.cache_sites.push_back(site);
  }
  Place inside = here;
  ++inside.cache_depth;
  const Branch run = [&](std::size_t branch, bool& worker) {
    Place place = inside;
    place.purpose += branch == 0 ? "/first" : "/then";
    if (branch < s.branches.size()) body(s.branches[branch].steps, place, worker);
  };
  emit(Op::cache_key, id);
  run(0, held);
  switch (s.use) {
    case CacheUse::look:
      return cache_look(s, id, run, here, held);
    case CacheUse::probe:
      emit(Op::cache_probe, id);
      return;
    case CacheUse::put:
      emit(Op::cache_fill, id);
      return;
    case CacheUse::drop:
      emit(Op::cache_drop, id);
      return;
    case CacheUse::write:
    case CacheUse::invalidate:
      run(1, held);
      if (!s.remote) emit(s.use == CacheUse::write ? Op::cache_fill : Op::cache_drop, id);
      return;
    case CacheUse::behind: {
      emit(Op::cache_behind, id);
      const std::uint32_t skip = emit(Op::jump);
      m_.cache_sites[id].body = pc();
      bool worker = false;
      run(1, worker);
      no_worker(here, worker);
      emit(Op::end_root);
      m_.steps[skip].first = pc();
      return;
    }
    case CacheUse::access:
      return;
  }
}

void ProgramCompiler::cache_look(const Step& s, std::uint32_t id, const Branch& run, const Place& here,
                                 bool& held) {
  if (m_.caches[static_cast<std::size_t>(s.ref)].detached) {
    no_worker(here, held);
    emit(Op::cache_look, id);
    const std::uint32_t skip = emit(Op::jump);
    m_.cache_sites[id].body = pc();
    bool worker = false;
    run(1, worker);
    no_worker(here, worker);
    emit(Op::cache_fill, id);
    emit(Op::end_root);
    m_.steps[skip].first = m_.cache_sites[id].hit = pc();
    return;
  }
  // Both ways must leave the worker in one state: an async program gives it back at the end of each.
  const bool before = held;
  emit(Op::cache_look, id);
  run(1, held);
  emit(Op::cache_fill, id);
  no_worker(here, held);
  const bool releases = here.async && before;
  const std::uint32_t over = releases ? emit(Op::jump) : kNoId;
  m_.cache_sites[id].hit = pc();
  if (releases) emit(Op::release), m_.steps[over].first = pc();
  if (here.async) held = false;
}

void ProgramCompiler::cache_depths() {
  for (const auto& [edge, depth] : cache_calls_)
    m_.guards[m_.edges[static_cast<std::size_t>(edge)].guard].cache_depth = depth;
}

}  // namespace tailrace::models
