# Installs BUILD into a folder of its own and uses it as a stranger would: the program and what comes with it, and the
# package, from a project that knows nothing of this tree.
#   cmake -DBUILD=... -DSOURCE=... -DFOLDER=... -DCOMPILER=... -DGENERATOR=... -P check.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGV}\nended with ${code}:\n${printed}")
  endif()
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/prefix)
foreach(file share/man/man1/tailrace.1 share/bash-completion/completions/tailrace share/fish/vendor_completions.d/tailrace.fish
             share/zsh/vendor-completions/_tailrace share/tailrace/library/mm1.yaml share/doc/tailrace/guide.md
             share/doc/tailrace/models/policies.md
             share/doc/tailrace/CHANGELOG.md)
  if(NOT EXISTS ${FOLDER}/prefix/${file})
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
run(${FOLDER}/prefix/bin/tailrace list)
# Without semicolons, at which CMake would cut it.
run(bash -c "source ${FOLDER}/prefix/share/bash-completion/completions/tailrace
COMP_WORDS=(tailrace run --prec) COMP_CWORD=2
_tailrace
test \"\${COMPREPLY[*]}\" = --precision || exit 1
COMP_WORDS=(tailrace run --format j) COMP_CWORD=3
_tailrace
[[ \" \${COMPREPLY[*]} \" == *' json '* ]] || exit 1
COMP_WORDS=(tailrace run retry-st) COMP_CWORD=2
_tailrace
[[ \" \${COMPREPLY[*]} \" == *' retry-storm '* ]]")

run(${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${FOLDER}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${FOLDER}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${FOLDER}/build --target example_own_kind)
run(${FOLDER}/build/example_own_kind)
file(READ ${SOURCE}/examples/expected/own_kind.txt expected)
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "the example printed\n${printed}\nwhere this was expected:\n${expected}")
endif()
