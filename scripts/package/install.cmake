# What `cmake --install` puts where, the CMake package that other projects find, and the Debian package (cpack -G DEB).
# Headers go below include/tailrace as they stand in the tree, so that #include "models/..." means the same everywhere.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What does not name a component belongs to the program; the viewer and what programs of others need are apart.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)
install(TARGETS tailrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET tailrace_view)
  install(TARGETS tailrace_view RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT viewer OPTIONAL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/viewer/lessons DESTINATION ${CMAKE_INSTALL_DATADIR}/tailrace/viewer
          COMPONENT viewer)
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/tailrace-view.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT viewer)
endif()

# The manual page and the completions say what this very program understands.
function(program_text command file)
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:tailrace>\" ${command}
                                OUTPUT_FILE \"${PROJECT_BINARY_DIR}/${file}\" COMMAND_ERROR_IS_FATAL ANY)")
endfunction()
program_text("manual" tailrace.1)
program_text("completion bash" tailrace.bash)
program_text("completion zsh" _tailrace)
program_text("completion fish" tailrace.fish)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME tailrace)
install(FILES ${PROJECT_BINARY_DIR}/_tailrace DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/scenarios/library DESTINATION ${CMAKE_INSTALL_DATADIR}/tailrace
        FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The libraries, for programs of others.
set(libraries tailrace_options)
foreach(folder sim models analysis scenarios)
  get_property(found DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS found)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "LIBRARY$")
      list(APPEND libraries ${target})
    endif()
  endforeach()
endforeach()
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
install(TARGETS ${libraries} EXPORT tailrace ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/tailrace)
foreach(folder sim models analysis scenarios)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tailrace
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(EXPORT tailrace NAMESPACE tailrace:: FILE tailraceTargets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tailraceConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/tailraceConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tailraceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tailraceConfig.cmake ${PROJECT_BINARY_DIR}/tailraceConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)

# Debian packages, from `cpack -G DEB` in the build folder: the program by itself (it runs on servers), the viewer, and what it
# takes to build programs of one's own. What they need of shared libraries dpkg-shlibdeps finds out.
set(CPACK_PACKAGE_NAME tailrace)
# Nobody can be written to yet: names below .invalid are reserved for what does not exist (RFC 2606).
set(CPACK_PACKAGE_CONTACT "the tailrace project <nobody@tailrace.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program development)
if(TARGET tailrace_view)
  list(APPEND CPACK_COMPONENTS_ALL viewer)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME tailrace)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "simulator of systems of services, request by request
You write down who calls whom, how long work takes, how many workers,
cores and connections there are, and what happens on a timeout or a fault.
It simulates every request and says what users feel, where the time goes,
and how sure each figure is.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "tailrace-viewer")
set(CPACK_DEBIAN_VIEWER_PACKAGE_NAME tailrace-viewer)
set(CPACK_DEBIAN_VIEWER_PACKAGE_SECTION science)
set(CPACK_DEBIAN_VIEWER_PACKAGE_DEPENDS "tailrace (= ${PROJECT_VERSION}-1)")
set(CPACK_COMPONENT_VIEWER_DESCRIPTION "window onto simulated systems of services
Shows a run of tailrace while it happens, or a stored one: who is busy,
who waits, who fell and why. It comes with lessons.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME tailrace-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libfmt-dev, libyaml-cpp-dev, libeigen3-dev, libboost-graph-dev (>= 1.74)")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "headers and libraries of the tailrace simulator
For C++ programs that build topologies in code, add kinds of components or
policies, or watch runs. find_package(tailrace) finds it.")
include(CPack)
