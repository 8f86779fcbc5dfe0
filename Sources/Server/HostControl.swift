// Settings whose application can fail because the system refuses: CONFIG SET
// has all of them applied before it changes anything, or none.

import Engine
import Networking
import Primitives
import Synchronization
import System

/// Applies settings to the process and its sockets.
final class HostControl: Sendable {
    private struct State {
        /// The out-of-memory score before it was changed; nil while it is not ours.
        var originalScore: Int64?
        /// The TCP sockets that the loop accepts from.
        var listening: [ListeningSocket] = []
        /// Those that are to take their place.
        var replacement: [ListeningSocket]?
    }

    private struct Step {
        let directives: Set<String>
        /// Makes the second settings count instead of the first; a text when it fails.
        let perform: (HostControl, Configuration, Configuration) -> String?
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let title: ProcessTitle

    init(logger: Logger, title: ProcessTitle) {
        self.logger = logger
        self.title = title
    }

    private static var steps: [Step] {
        [
            Step(directives: ["dir"]) { $0.changeDirectory($1, $2) },
            Step(directives: ["proc-title-template"]) { $0.title.text($2) == nil ? ProcessTitle.refusal : nil },
            Step(directives: ["oom-score-adj", "oom-score-adj-values"]) { $0.adjustScore($1, $2) },
            Step(directives: ["maxclients"]) { $0.allowClients($2) },
            Step(directives: ["port", "bind"]) { $0.listenElsewhere($1, $2) },
        ]
    }

    /// What `HostFacts.apply` asks for.
    func apply(_ changed: [String], _ old: Configuration, _ new: Configuration) -> ApplyFailure? {
        let wanted = Self.steps.filter { !$0.directives.isDisjoint(with: changed) }
        for (index, step) in wanted.enumerated() {
            guard let text = step.perform(self, old, new) else { continue }
            let directive = changed.first { step.directives.contains($0) } ?? ""
            logger.warning(
                "Failed applying new configuration. Possibly related to new \(directive) setting. Restoring previous settings.")
            for done in wanted[..<index].reversed() { _ = done.perform(self, new, old) }
            return ApplyFailure(directive: directive, text: text)
        }
        if !Set(changed).isDisjoint(with: ["port", "bind", "proc-title-template"]) { title.show(new) }
        return nil
    }

    private func changeDirectory(_ old: Configuration, _ new: Configuration) -> String? {
        let failure = Process.changeDirectory(String(decoding: new.process.directory, as: UTF8.self))
        return failure == 0 ? nil : errorText(failure)
    }

    // MARK: Out-of-memory score

    /// Writes the score that the settings ask for, or gives the original back.
    func adjustScore(_ old: Configuration, _ new: Configuration) -> String? {
        state.withLock { state in
            let kind = new.process.outOfMemoryScore
            guard kind != .no || state.originalScore != nil else { return nil }
            let original = state.originalScore ?? Process.outOfMemoryScore ?? 0
            let value = new.process.outOfMemoryValues.first ?? 0
            let wanted = kind == .no ? original : kind == .absolute ? value : original + value
            let failure = Process.setOutOfMemoryScore(min(max(wanted, -1000), 1000))
            guard failure == 0 else {
                logger.warning("Unable to write oom_score_adj: \(errorText(failure))")
                return "Failed to set current oom_score_adj. Check server logs."
            }
            state.originalScore = kind == .no ? nil : original
            return nil
        }
    }

    // MARK: Clients

    /// Descriptors that are needed beside those of clients.
    static var reservedDescriptors: Int64 { 32 }

    /// Raises the limit of descriptors as far as it goes; how many clients it is enough for.
    static func possibleClients(_ wanted: Int64) -> Int64 {
        let sum = wanted.addingReportingOverflow(reservedDescriptors)
        return max(1, Process.raiseDescriptorLimit(sum.overflow ? Int64.max : sum.partialValue) - reservedDescriptors)
    }

    private func allowClients(_ new: Configuration) -> String? {
        let wanted = new.network.maximumClients
        let possible = Self.possibleClients(wanted)
        guard possible < wanted else { return nil }
        logger.warning(
            "You requested maxclients of \(wanted), but the limit of open files is enough for \(possible) only. "
                + "If you need higher maxclients increase 'ulimit -n'.")
        return "The operating system is not able to handle the specified number of clients, try with \(possible)"
    }

    // MARK: Listening

    /// Tells which sockets the loop accepts from.
    func setListening(_ sockets: [ListeningSocket]) { state.withLock { $0.listening = sockets } }

    /// Sockets that the loop is to accept from instead of its TCP listeners.
    func takeReplacement() -> [ListeningSocket]? {
        state.withLock { state in
            guard let replacement = state.replacement else { return nil }
            state.replacement = nil
            state.listening = replacement
            return replacement
        }
    }

    /// Opens the sockets of `new`. The present ones give their addresses up meanwhile,
    /// and get them back when that fails.
    private func listenElsewhere(_ old: Configuration, _ new: Configuration) -> String? {
        state.withLock { state in
            for socket in state.replacement ?? state.listening { socket.pause() }
            for socket in state.replacement ?? [] { socket.close() }
            state.replacement = nil
            do throws(Listening.Failure) {
                state.replacement = try Listening.openTCP(new.network)
                return nil
            } catch {
                logger.warning("Warning: \(error.message)")
                for socket in state.listening { _ = socket.resume(backlog: Int32(clamping: old.network.backlog)) }
                return old.network.bind == new.network.bind
                    ? "Unable to listen on this port. Check server logs." : "Failed to bind to specified addresses."
            }
        }
    }
}
