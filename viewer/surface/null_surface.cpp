#include <imgui.h>

#include <utility>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

namespace {

class NullSurface final : public Surface {
 public:
  explicit NullSurface(const SurfaceOptions& options) : options_(options) {
    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    // Without it more than 65,535 vertices in one list end the program.
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.DisplaySize = ImVec2(static_cast<float>(options.width), static_cast<float>(options.height));
    fonts_changed();
    // Keys as a window names them (GLFW's numbers), so that texts can be edited.
    const std::pair<ImGuiKey_, int> keys[] = {
        {ImGuiKey_Tab, 258},    {ImGuiKey_LeftArrow, 263}, {ImGuiKey_RightArrow, 262}, {ImGuiKey_Home, 268},
        {ImGuiKey_End, 269},    {ImGuiKey_Delete, 261},    {ImGuiKey_Backspace, 259},  {ImGuiKey_Enter, 257},
        {ImGuiKey_Escape, 256}, {ImGuiKey_A, 'A'}};
    for (const auto& [key, code] : keys) io.KeyMap[key] = code;
  }
  ~NullSurface() override { ImGui::DestroyContext(); }

  bool begin_frame(double) override {
    ImGui::GetIO().DeltaTime = 1.0f / 60;
    ImGui::NewFrame();
    return true;
  }
  void end_frame() override { ImGui::Render(); }
  Pixels read() override { return {}; }
  float scale() const override { return options_.scale > 0 ? options_.scale : 1; }
  void fonts_changed() override {
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    ImGui::GetIO().Fonts->SetTexID(reinterpret_cast<ImTextureID>(1));
  }

 private:
  SurfaceOptions options_;
};

}  // namespace

std::unique_ptr<Surface> open_null(const SurfaceOptions& options) {
  return std::make_unique<NullSurface>(options);
}

}  // namespace tailrace::viewer
