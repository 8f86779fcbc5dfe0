import Engine
import Primitives
import RESP

extension Administration {
    static var shutdown: CommandDeclaration {
        CommandDeclaration(
            "shutdown", arity: -1, [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy], group: .server,
            since: "1.0.0", complexity: "O(N) when saving, where N is the number of keys",
            summary: "Ends the server.", syntax: "[save-selector: NOSAVE | SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]",
            history: ["7.0.0": "NOW, FORCE and ABORT."], shutdown)
    }

    private static func shutdown(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var save = false
        var noSave = false
        var abort = false
        var force = false
        var now = false
        for i in 1..<arguments.count {
            let word = arguments[i]
            if word.matches("SAVE") { save = true } else if word.matches("NOSAVE") { noSave = true }
            else if word.matches("ABORT") { abort = true }
            else if word.matches("NOW") { now = true } else if word.matches("FORCE") { force = true } else { throw .syntax }
        }
        guard !(save && noSave), !(abort && (save || noSave || now || force)) else { throw .syntax }
        if abort {
            guard context.abortShutdown() else { throw context.failure("ERR No shutdown in progress.") }
            context.reply.ok()
            return .done
        }
        guard context.prepareShutdown(ShutdownWish(saves: save ? true : noSave ? false : nil, isForced: force)) else {
            throw context.failure("ERR Errors trying to SHUTDOWN. Check logs.")
        }
        context.requests.isShuttingDown = true
        return .close
    }
}
