package cli

import (
	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/flow"
)

func newSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:       "schema flow",
		Short:     "Print the JSON Schema of flow.yaml, for editors",
		Example:   "  stack schema flow > flow.schema.json",
		ValidArgs: []string{"flow"},
		Args:      arguments("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("NAME", args[0], "flow"); err != nil {
				return err
			}
			a.printJSON(flow.Schema())
			return nil
		},
	}
}
