;;; session.el --- a real Emacs with eglot: diagnostics, a code action, the saved file -*- lexical-binding: t -*-

;;; Commentary:
;; emacs -Q --batch -L EGLOT -l session.el FOLDER      (FOLDER: a copy of ../sample)
;; eglot's functions with two dashes are its own; batch mode offers no other way to apply an action without asking.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'python)

(defun session-wait (what condition)
  "Wait until CONDITION gives something, and give it; WHAT is said otherwise."
  (let ((deadline (+ (float-time) 60)) found)
    (while (not (setq found (funcall condition)))
      (when (> (float-time) deadline)
        (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05)
      (flymake-start))
    found))

(defun session-mend (folder)
  "Open model.py in FOLDER, apply the first fix, save."
  (find-file (expand-file-name "model.py" folder))
  (python-mode)
  (let ((server (split-string (or (getenv "GRADSAFE_SERVER")
                                  (concat (getenv "GRADSAFE_PYTHON") " -m gradsafe.lsp"))
                              " "))
        (eglot-sync-connect 20))
    (setq eglot-server-programs (list (cons 'python-mode server)))
    (apply #'eglot (eglot--guess-contact)))
  (let* ((diagnostic (session-wait "a diagnostic" (lambda () (car (flymake-diagnostics)))))
         (beg (flymake-diagnostic-beg diagnostic))
         (end (flymake-diagnostic-end diagnostic)))
    (unless (= (line-number-at-pos beg) 13)
      (error "The diagnostic is on line %d" (line-number-at-pos beg)))
    (goto-char beg)
    (let* ((actions (eglot-code-actions beg end "quickfix" nil))
           (action (if (vectorp actions) (aref actions 0) (car actions))))
      (unless (plist-get action :edit)
        (setq action (jsonrpc-request (eglot--current-server-or-lose) :codeAction/resolve action)))
      (eglot--apply-workspace-edit (plist-get action :edit)))
    (save-buffer)
    (session-wait "the diagnostic to go" (lambda () (null (flymake-diagnostics)))))
  (with-temp-buffer
    (insert-file-contents (expand-file-name "model.py" folder))
    (unless (search-forward "        h = h" nil t)
      (error "The file on disk has no fix: %s" (buffer-string)))))

(condition-case problem
    (progn
      (session-mend (car (last command-line-args)))
      (ignore-errors (eglot-shutdown (eglot-current-server)))
      (princ (format "emacs %s: ok\n" emacs-version))
      (kill-emacs 0))
  (error
   (princ (format "emacs: %s\n" (error-message-string problem)))
   (kill-emacs 1)))

;;; session.el ends here
