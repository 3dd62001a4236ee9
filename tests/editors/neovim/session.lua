-- A real Neovim, headless: diagnostics come, a code action mends the line, the file on disk has the fix, the
-- diagnostic is gone, hover answers, and a cell is run and traced. Works on 0.7 to 0.11: old names first looked for, not assumed.
--
--   nvim --headless --clean -S session.lua FOLDER      (FOLDER: a copy of ../sample)
--
-- Any error must end in cquit: headless Neovim stays for ever on a Lua error otherwise.

local function check(value, what)
  if not value then
    error(what, 2)
  end
  return value
end

local function wait(what, condition)
  local found
  check(vim.wait(60000, function()
    found = condition()
    return found
  end, 20), 'waited in vain for ' .. what)
  return found
end

local function start(folder)
  local command = { os.getenv('GRADSAFE_PYTHON'), '-m', 'gradsafe.lsp' }
  if os.getenv('GRADSAFE_SERVER') then
    command = vim.split(os.getenv('GRADSAFE_SERVER'), ' ')
  end
  local options = { name = 'gradsafe', cmd = command, root_dir = folder }
  if vim.lsp.start then
    return vim.lsp.start(options)
  end
  local id = vim.lsp.start_client(options)
  vim.lsp.buf_attach_client(0, id)
  return id
end

local function request(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, 60000)
  for _, answer in pairs(answers or {}) do
    check(not (answer.err or answer.error), method .. ': ' .. vim.inspect(answer))
    return answer.result
  end
end

local function range_of(diagnostic)
  return {
    start = { line = diagnostic.lnum, character = diagnostic.col },
    ['end'] = { line = diagnostic.end_lnum, character = diagnostic.end_col },
  }
end

local function document()
  return { uri = vim.uri_from_bufnr(0) }
end

local function mend(folder)
  vim.cmd('edit ' .. folder .. '/model.py')
  start(folder)
  local diagnostic = wait('a diagnostic', function()
    return vim.diagnostic.get(0)[1]
  end)
  check(diagnostic.code == 'saved-tensor-modified', 'code: ' .. vim.inspect(diagnostic))
  check(diagnostic.lnum == 12, 'line: ' .. vim.inspect(diagnostic))

  local hover = request('textDocument/hover', { textDocument = document(), position = range_of(diagnostic).start })
  check(hover and hover.contents.value:find('PyTorch will raise', 1, true), 'hover: ' .. vim.inspect(hover))

  local actions = request('textDocument/codeAction', {
    textDocument = document(),
    range = range_of(diagnostic),
    context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics(0, diagnostic.lnum) },
  })
  local action = check(actions and actions[1], 'no code action')
  if not action.edit then
    action = request('codeAction/resolve', action)
  end
  vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
  vim.cmd('write')
  wait('the diagnostic to go', function()
    return #vim.diagnostic.get(0) == 0
  end)
  local saved = table.concat(vim.fn.readfile(folder .. '/model.py'), '\n')
  check(saved:find('        h = h.*1', 1), 'the file on disk: ' .. saved)
  check(not saved:find('add_', 1, true), 'the file on disk: ' .. saved)
end

local function run_cell(folder)
  vim.cmd('edit ' .. folder .. '/cells.py')
  start(folder)
  wait('a diagnostic', function()
    return vim.diagnostic.get(0)[1]
  end)
  local lenses = request('textDocument/codeLens', { textDocument = document() })
  local titles = vim.tbl_map(function(lens)
    return lens.command.title
  end, lenses or {})
  check(vim.deep_equal(titles, { 'Run and trace', 'Dry run', 'Run and trace', 'Dry run', 'reads 1 saved tensor, 1 changed since' }), 'lenses: ' .. vim.inspect(titles))

  -- The command of docs/editors.md, from inside the second cell; whoever sits here would choose "Run".
  local asked
  vim.lsp.handlers['window/showMessageRequest'] = function(_, params)
    asked = params.message
    return params.actions[1]
  end
  local result
  vim.api.nvim_win_set_cursor(0, { 9, 0 })
  local cursor = vim.api.nvim_win_get_cursor(0)
  vim.lsp.buf_request(0, 'workspace/executeCommand', {
    command = 'gradsafe.runAndTraceCell',
    arguments = { vim.uri_from_bufnr(0), { line = cursor[1] - 1, character = cursor[2] } },
  }, function(_, answer)
    result = answer
  end)
  wait('the result of the run', function()
    return result
  end)
  check(asked and asked:find('cell 2 after the cell before it', 1, true), 'question: ' .. vim.inspect(asked))
  check(result.outcome == 'raised' and result.cell == 2, 'run: ' .. vim.inspect(result))
  local traced = wait('what the run has shown', function()
    return vim.tbl_filter(function(found)
      return found.source == 'gradsafe trace'
    end, vim.diagnostic.get(0))[1]
  end)
  check(traced.lnum == 8, 'line: ' .. vim.inspect(traced))
  lenses = request('textDocument/codeLens', { textDocument = document() })
  check(vim.inspect(lenses):find('raised RuntimeError at line 10, 1 finding', 1, true), 'lenses: ' .. vim.inspect(lenses))
end

local folder = vim.fn.resolve(vim.v.argv[#vim.v.argv])
local ok, problem = pcall(function()
  mend(folder)
  run_cell(folder)
end)
if not ok then
  io.stderr:write('neovim: ' .. tostring(problem) .. '\n')
  vim.cmd('cquit 1')
end
local version = vim.version()
io.stdout:write(string.format('\nneovim %d.%d.%d: ok\n', version.major, version.minor, version.patch))
vim.cmd('qall!')
